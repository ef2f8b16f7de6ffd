"""What operations and modules have in common, and how criticism goes back through an operation."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.engine import EngineLM
from textgrad.errors import UsageError
from textgrad.variable import Variable


class WrongInput(UsageError, AttributeError):
    """An operation was given something that it cannot work on."""


class Function(ABC):
    """An operation on variables: `forward` makes one, and sets its grad_fn to a `BackwardContext` of `backward`."""

    def __init__(self):
        super().__init__()

    def __call__(self, *args, **kwargs) -> Variable:
        return self.forward(*args, **kwargs)

    @abstractmethod
    def forward(self, *args, **kwargs) -> Variable:
        """The result, with the inputs as its predecessors."""

    @abstractmethod
    def backward(self, *args, **kwargs) -> None:
        """Adds to the gradients of the inputs; called with `backward_engine=` besides what the context holds."""


class BackwardContext:
    """A backward function with what it has to know, all but the engine.

    Args:
        backward_fn: called as `backward_fn(*args, backward_engine=..., **kwargs)`.
        *args, **kwargs: kept for it.
    """

    def __init__(self, backward_fn, *args, **kwargs):
        self.backward_fn, self.args, self.kwargs = backward_fn, args, kwargs

    def __call__(self, backward_engine: EngineLM) -> None:
        return self.backward_fn(*self.args, backward_engine=backward_engine, **self.kwargs)

    def __repr__(self) -> str:
        return f"BackwardContext({getattr(self.backward_fn, '__qualname__', self.backward_fn)})"


class Module(ABC):
    """Operations with parameters."""

    def parameters(self) -> list[Variable]:
        """The variables to be improved."""
        return []

    def zero_grad(self) -> None:
        """Forgets all criticism of the parameters."""
        for parameter in self.parameters():
            parameter.reset_gradients()

    def named_parameters(self) -> Iterator[tuple[str, Variable]]:
        """Each parameter with its role."""
        for parameter in self.parameters():
            yield parameter.get_role_description(), parameter

    @abstractmethod
    def forward(self, *args, **kwargs) -> Variable:
        """The result."""

    def __call__(self, *args, **kwargs) -> Variable:
        return self.forward(*args, **kwargs)


def criticize_inputs(
    response: Variable,
    conversation: Mapping[str, prompts.Content | None],
    backward_engine: EngineLM,
    examples: Sequence[str] = (),
) -> None:
    """Adds one criticism to each input of `response` that requires a gradient, by one call each, at the same time.

    Where the response was criticized itself that criticism is passed back (chain case); where it was not it is the
    objective (base case). An input whose criticism comes back empty gets none; an empty objective criticizes nothing.

    Args:
        response: what came of the inputs.
        conversation: how it came about, by tags.
        examples: good versions of the inputs.
    """
    feedback = response.get_gradient_text().strip()
    variables = [variable for variable in response.predecessors if variable.requires_grad]
    if feedback or response.value.strip():
        criticisms = fan_out(
            lambda variable: _criticism(variable, response, conversation, feedback, backward_engine, examples),
            variables,
        )
    else:
        criticisms = [("", {})] * len(variables)
    for variable, (text, context) in zip(variables, criticisms):
        if text:
            variable.add_gradient(text, of=response, context=context)
        else:
            variable.criticism_left_out = True


def _criticism(
    variable: Variable,
    response: Variable,
    conversation: Mapping[str, prompts.Content | None],
    feedback: str,
    backward_engine: EngineLM,
    examples: Sequence[str],
) -> tuple[str, dict]:
    """What the engine says of one variable, and the context of that."""
    parts = {
        tag: prompts.THE_VARIABLE if content == variable.value else content for tag, content in conversation.items()
    }
    content = prompts.criticism_request(
        variable.role_description, variable.value, parts, response.role_description, feedback, examples
    )
    text = backward_engine(
        prompts.request(content, sees_images(backward_engine)), system_prompt=prompts.BACKWARD_SYSTEM_PROMPT
    )
    return str(text).strip(), {
        "context": prompts.conversation(parts),
        "response_desc": response.role_description,
        "variable_desc": variable.role_description,
    }


def sees_images(engine: EngineLM) -> bool:
    """True for an engine to which images may be sent."""
    return bool(getattr(engine, "is_multimodal", False))
