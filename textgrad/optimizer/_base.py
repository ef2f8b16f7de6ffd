"""The base class of optimizers, and the feedback on a variable as parts of a request."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textgrad import prompts
from textgrad.errors import UsageError
from textgrad.variable import Variable


@dataclass(frozen=True)
class Example:
    """One answered question of a minibatch, for optimizers that look at examples instead of gradients.

    Attributes:
        question: without the instruction on the form of the answer.
        answer: the right answer.
        reply: the model's reply under the present value of the variable.
        score: of the reply, in [0, 1].
        feedback: what the scorer says about the reply, or "".
    """

    question: str
    answer: str
    reply: str
    score: float
    feedback: str = ""

    @property
    def wrong(self) -> bool:
        """True if the reply does not have the full score."""
        return self.score < 1.0


def get_gradient_and_context_text(variable: Variable, with_context: bool = True) -> list[str | bytes]:
    """Return all feedback on a variable as texts and images, in order.

    Args:
        variable: the variable.
        with_context: True to put the conversation that it is about before each piece of feedback.
    """
    return [
        part
        for gradient in variable.gradients
        if isinstance(gradient.value, str) and gradient.value.strip()
        for part in prompts.feedback_with_context(
            gradient.value, _context(variable, gradient) if with_context else None
        )
    ]


def _context(variable: Variable, gradient: Variable) -> list[str | bytes] | None:
    context = (variable.gradients_context.get(gradient) or {}).get("context")
    return [context] if isinstance(context, str) else context


class Optimizer(ABC):
    """Base class: changes parameters.

    Args:
        parameters: variables with a text as value.

    Attributes:
        needs_gradients: False for an optimizer that only looks at examples; the backward pass is then skipped.
        examples: the minibatch of the next step; see `observe`.
        labelled: (question, right answer) pairs of the training data.
        token_budget: maximum estimated tokens of a new value; a longer one is requested again. None for no limit.
        check: returns a new value that a model wrote, or raises `BadReply`; then it is requested again. By default,
            everything passes.

    Raises:
        UsageError: a parameter is not a variable, or its value is an image.
    """

    needs_gradients = True

    def __init__(self, parameters: list[Variable]):
        for parameter in parameters:
            if not isinstance(parameter, Variable) or not isinstance(parameter.value, str):
                value = getattr(parameter, "value", parameter)
                raise UsageError(f"a parameter must be a Variable with a text, not {type(value).__name__}")
        self.parameters = list(parameters)
        self.examples: list[Example] = []
        self.labelled: list[tuple[str, str]] = []
        self.token_budget: int | None = None
        self.check: Callable[[str], str] = str

    def observe(
        self,
        examples: Sequence[Example],
        labelled: Sequence[tuple[str, str]] = (),
        check: Callable[[str], str] = str,
    ) -> None:
        """Receive what the next step works from, besides gradients.

        Args:
            examples: the minibatch with replies and scores.
            labelled: (question, right answer) pairs of all training data, in an order that the seed determines.
            check: see the attribute.
        """
        self.examples, self.labelled, self.check = list(examples), list(labelled), check

    def observe_trial(self, rewrite: str, score: float) -> None:  # noqa: B027
        """Receive the mean score of a proposed value on the minibatch, in [0, 1]. By default, it is ignored."""

    def zero_grad(self) -> None:
        """Clear all gradients of the parameters, with their contexts."""
        for parameter in self.parameters:
            parameter.reset_gradients()

    @abstractmethod
    def step(self) -> None:
        """Change the parameters once."""
