"""The base class of optimizers, and the feedback on a variable as parts of a request."""

from abc import ABC, abstractmethod

from textgrad import prompts
from textgrad.errors import UsageError
from textgrad.variable import Variable


def get_gradient_and_context_text(variable: Variable) -> list[str | bytes]:
    """Return all feedback on a variable, each piece after the conversation it is about: texts and images, in order."""
    return [
        part
        for gradient in variable.gradients
        if isinstance(gradient.value, str) and gradient.value.strip()
        for part in prompts.feedback_with_context(gradient.value, _context(variable, gradient))
    ]


def _context(variable: Variable, gradient: Variable) -> list[str | bytes] | None:
    context = (variable.gradients_context.get(gradient) or {}).get("context")
    return [context] if isinstance(context, str) else context


class Optimizer(ABC):
    """Base class: changes parameters.

    Args:
        parameters: variables with a text as value.

    Raises:
        UsageError: a parameter is not a variable, or its value is an image.
    """

    def __init__(self, parameters: list[Variable]):
        for parameter in parameters:
            if not isinstance(parameter, Variable) or not isinstance(parameter.value, str):
                value = getattr(parameter, "value", parameter)
                raise UsageError(f"a parameter must be a Variable with a text, not {type(value).__name__}")
        self.parameters = list(parameters)

    def zero_grad(self) -> None:
        """Clear all gradients of the parameters, with their contexts."""
        for parameter in self.parameters:
            parameter.reset_gradients()

    @abstractmethod
    def step(self) -> None:
        """Change the parameters once."""
