"""Base classes of operations and modules, and the backward step that all LLM operations share."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.echo import is_echo
from textgrad.engine import EngineLM
from textgrad.errors import UsageError
from textgrad.fences import Content
from textgrad.style import current_style
from textgrad.trace import current_subject, purpose, resume
from textgrad.variable import Variable


class WrongInput(UsageError, AttributeError):
    """An operation received an input that it cannot process."""


class Function(ABC):
    """An operation on variables.

    `forward` returns a new variable and sets its `grad_fn` to a `BackwardContext` of `backward`.
    """

    def __init__(self):
        super().__init__()

    def __call__(self, *args, **kwargs) -> Variable:
        return self.forward(*args, **kwargs)

    @abstractmethod
    def forward(self, *args, **kwargs) -> Variable:
        """Return the result, with the inputs as its predecessors."""

    @abstractmethod
    def backward(self, *args, **kwargs) -> None:
        """Add gradients to the inputs; called with the arguments of the context plus `backward_engine=`."""


class BackwardContext:
    """A backward function together with its arguments, except the engine, and with the subject of the forward step.

    Args:
        backward_fn: called as `backward_fn(*args, backward_engine=..., **kwargs)`.
        *args, **kwargs: stored for that call.
    """

    def __init__(self, backward_fn, *args, **kwargs):
        self.backward_fn, self.args, self.kwargs = backward_fn, args, kwargs
        self._subject = current_subject()

    def __call__(self, backward_engine: EngineLM) -> None:
        with resume(self._subject), purpose("critic"):
            return self.backward_fn(*self.args, backward_engine=backward_engine, **self.kwargs)

    def __repr__(self) -> str:
        return f"BackwardContext({getattr(self.backward_fn, '__qualname__', self.backward_fn)})"


class Module(ABC):
    """An operation with trainable parameters."""

    def parameters(self) -> list[Variable]:
        """Return the trainable variables."""
        return []

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.reset_gradients()

    def named_parameters(self) -> Iterator[tuple[str, Variable]]:
        """Yield (role description, parameter) pairs."""
        for parameter in self.parameters():
            yield parameter.get_role_description(), parameter

    @abstractmethod
    def forward(self, *args, **kwargs) -> Variable:
        """Return the result."""

    def __call__(self, *args, **kwargs) -> Variable:
        return self.forward(*args, **kwargs)


def criticize_inputs(
    response: Variable,
    conversation: Mapping[str, Content | None],
    backward_engine: EngineLM,
    examples: Sequence[str] = (),
) -> None:
    """Add one gradient to each input of `response` that requires one, with one concurrent critic call per input.

    If `response` has gradients, the critic sees them (chain case); otherwise `response` itself is the objective
    (base case). A critique that repeats its request is requested again once, in the short form. An empty reply adds no
    gradient, and neither does a second echo or an empty objective.

    Args:
        response: result of the operation.
        conversation: how the result was produced: content by tag.
        backward_engine: the critic.
        examples: good versions of the inputs, shown to the critic.
    """
    feedback = response.get_gradient_text().strip()
    variables = [variable for variable in response.predecessors if variable.requires_grad]
    if feedback or response.value.strip():
        replies = fan_out(
            lambda variable: _ask_critic(variable, response, conversation, feedback, backward_engine, examples),
            variables,
        )
    else:
        replies = [("", {})] * len(variables)
    for variable, (text, context) in zip(variables, replies):
        if text:
            variable.add_gradient(text, of=response, context=context)
        else:
            variable.feedback_missing = True


def _ask_critic(
    variable: Variable,
    response: Variable,
    conversation: Mapping[str, Content | None],
    feedback: str,
    backward_engine: EngineLM,
    examples: Sequence[str],
) -> tuple[str, dict]:
    """Return the feedback on one variable and the context it refers to."""
    parts = {
        tag: prompts.THE_VARIABLE if content == variable.value else content for tag, content in conversation.items()
    }
    long = prompts.criticism_request(
        variable.role_description, variable.value, parts, response.role_description, feedback, examples
    )
    short = prompts.short_criticism_request(variable.role_description, variable.value, parts, feedback)
    return _criticize(long, short, feedback, backward_engine), {
        "context": prompts.conversation(parts),
        "response_desc": response.role_description,
        "variable_desc": variable.role_description,
    }


def _criticize(long: list[str | bytes], short: list[str | bytes], feedback: str, engine: EngineLM) -> str:
    """Return a critique; "" if the reply is empty, or if both replies repeat their requests.

    Args:
        long: the first request, unless the current style is short.
        short: the second request, in case the reply to the first is an echo.
        feedback: part of both; a critique may pass it on.
        engine: the critic.
    """
    style = current_style()
    first = (short, prompts.SHORT_BACKWARD_SYSTEM_PROMPT) if style.short else (long, prompts.BACKWARD_SYSTEM_PROMPT)
    again = ([*short, f"\n{prompts.ECHO_HINT}"], prompts.SHORT_BACKWARD_SYSTEM_PROMPT)
    for request, system_prompt in (first, again):
        text = str(engine(prompts.request(request, sees_images(engine)), system_prompt=system_prompt)).strip()
        echo = is_echo(text, [system_prompt, str(prompts.request(request, images=False))], allowed=[feedback])
        if request is long:
            style.observe(echo)
        if not echo:
            return text
    return ""


def sees_images(engine: EngineLM) -> bool:
    """Return True if images may be sent to the engine."""
    return bool(getattr(engine, "is_multimodal", False))
