"""best_of: several rewrites per step; the client answers its minibatch under each and takes the best.

The generate-and-select step of APE (Zhou et al., 2023, "Large Language Models Are Human-Level Prompt Engineers"),
applied to textual gradients.
"""

from typing import Any, Self

from textgrad.engine import EngineLM
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.variable import Variable


class BestOf(TextualGradientDescent):
    """Requests several rewrites from the same feedback.

    Attributes:
        candidates: number of rewrites per step, >= 1.
    """

    candidates = 3

    @classmethod
    def from_options(cls, parameters: list[Variable], engine: EngineLM, options: Any) -> Self:
        """Return the optimizer as the options of a run describe it; see `TextualGradientDescent.from_options`."""
        optimizer = super().from_options(parameters, engine, options)
        optimizer.candidates = options.candidates
        return optimizer

    def propose(self, variable: Variable) -> list[str]:
        """Return the usable ones of the requested rewrites."""
        return self.rewrites(variable, self.candidates)


OPTIMIZER = BestOf
