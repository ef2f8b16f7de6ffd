"""Textual gradient descent with momentum: the LLM also sees the values and the feedback of earlier steps."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Self

from textgrad.engine import EngineLM
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.prompts import OPTIMIZER_SYSTEM_PROMPT
from textgrad.variable import Variable


class TextualGradientDescentwithMomentum(TextualGradientDescent):
    """Rewrites each parameter from its gradients and from earlier values with their gradients.

    Args:
        momentum_window: number of earlier steps to show, >= 0.
        Others: as for `TextualGradientDescent`.
    """

    def __init__(
        self,
        engine: EngineLM | str,
        parameters: list[Variable],
        momentum_window: int = 0,
        constraints: list[str] | None = None,
        new_variable_tags: list[str] | None = None,
        in_context_examples: list[str] | None = None,
        optimizer_system_prompt: str = OPTIMIZER_SYSTEM_PROMPT,
    ):
        super().__init__(
            parameters,
            engine=engine,
            constraints=constraints,
            new_variable_tags=new_variable_tags,
            optimizer_system_prompt=optimizer_system_prompt,
            in_context_examples=in_context_examples,
        )
        self.momentum_window = momentum_window
        self.momentum_storage: dict[Variable, list[tuple[str, str]]] = defaultdict(list)

    @classmethod
    def from_options(cls, parameters: list[Variable], engine: EngineLM, options: Any) -> Self:
        """Return the optimizer as the options of a run describe it; see `TextualGradientDescent.from_options`."""
        optimizer = cls(engine, parameters, momentum_window=options.momentum_window)
        optimizer.gradient_memory = options.gradient_memory
        optimizer.shows_context = options.context == "on"
        return optimizer

    def _past(self, variable: Variable) -> Sequence[tuple[str, str]]:
        return self.momentum_storage[variable][-self.momentum_window :] if self.momentum_window else []

    def _remember(self, parameter: Variable) -> None:
        super()._remember(parameter)
        self.momentum_storage[parameter].append((str(parameter.value), parameter.get_gradient_text()))


OPTIMIZER = TextualGradientDescentwithMomentum
