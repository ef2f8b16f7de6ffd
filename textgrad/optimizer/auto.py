"""auto: `rules` if the right answers are labels, else textual gradient descent.

A step whose rules were not accepted is followed by one of textual gradient descent, because questions with labels need
not follow rules on what they are about.
"""

from textgrad.optimizer.rules import Rules, are_labels
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.variable import Variable


class Auto(Rules):
    """Chooses the optimizer of each step."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._tried: str | None = None  # the rules of the step before

    @property
    def needs_gradients(self) -> bool:  # type: ignore[override]
        """False for a step of `rules`."""
        return not self._rules_next()

    def _rules_next(self) -> bool:
        rejected = self._tried is not None and self._tried != self.parameters[0].value
        return not rejected and are_labels([answer for _, answer in self.labelled])

    def propose(self, variable: Variable) -> list[str]:
        """Return the rewrites of the step's optimizer."""
        if not self._rules_next():
            self._tried = None
            return TextualGradientDescent.propose(self, variable)
        self._tried = ""  # also if no rule is found
        rewrites = super().propose(variable)
        self._tried = rewrites[0]
        return rewrites


OPTIMIZER = Auto
