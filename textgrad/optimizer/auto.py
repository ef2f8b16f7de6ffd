"""auto: `rules` if the right answers are labels, else textual gradient descent.

Questions with labels need not follow rules on what they are about. Therefore, as long as the prompt has no rule, a step
whose rules were not accepted is followed by one of textual gradient descent.
"""

from textgrad.optimizer.rules import Rules, are_labels
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.rule_lines import rules_in
from textgrad.variable import Variable


class Auto(Rules):
    """Chooses the optimizer of each step."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._rules_before = False  # whether the step before was one of `rules`

    @property
    def needs_gradients(self) -> bool:  # type: ignore[override]
        """False for a step of `rules`."""
        return not self._rules_next()

    def _rules_next(self) -> bool:
        helped = not self._rules_before or bool(rules_in(str(self.parameters[0].value)))
        return helped and are_labels([answer for _, answer in self.labelled])

    def propose(self, variable: Variable) -> list[str]:
        """Return the rewrites of the step's optimizer."""
        self._rules_before = self._rules_next()
        return super().propose(variable) if self._rules_before else TextualGradientDescent.propose(self, variable)


OPTIMIZER = Auto
