"""LLM calls on text."""

from textgrad.autograd.function import BackwardContext, Function, WrongInput, criticize_inputs
from textgrad.config import validate_engine_or_get_default
from textgrad.defaults import VARIABLE_OUTPUT_DEFAULT_ROLE
from textgrad.engine import EngineLM
from textgrad.variable import Variable, WrongValue


def text_or_none(variable: Variable | None) -> str | None:
    """Return the text of an optional variable."""
    return str(variable.value) if variable else None


def _text_of(variable: Variable, operation: str) -> str:
    if not isinstance(variable, Variable):
        raise WrongInput(
            f"{operation} takes a Variable, not {type(variable).__name__}; "
            "for several texts and images use MultimodalLLMCall"
        )
    if not isinstance(variable.value, str):
        raise WrongInput(
            f"{operation} takes text, but the variable {variable.role_description!r} is an image; use MultimodalLLMCall"
        )
    return variable.value


class LLMCall(Function):
    """One LLM call on one variable.

    Args:
        engine: an engine or its name; default: the backward engine.
        system_prompt: sent with the question; default: the engine's own.
    """

    def __init__(self, engine: EngineLM, system_prompt: Variable | None = None):
        super().__init__()
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = system_prompt

    def forward(
        self, input_variable: Variable, response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE
    ) -> Variable:
        """Return the reply.

        Args:
            input_variable: the question, a text.
            response_role_description: role of the reply.

        Raises:
            UsageError: the question is not text (also an AttributeError).
        """
        return self._ask(_text_of(input_variable, type(self).__name__), [input_variable], response_role_description)

    def _ask(self, prompt: str, inputs: list[Variable], role: str, **context) -> Variable:
        system_prompt = text_or_none(self.system_prompt)
        response = Variable(
            self.engine(prompt, system_prompt=system_prompt),
            role_description=role,
            predecessors=[self.system_prompt, *inputs] if self.system_prompt else inputs,
        )
        response.set_grad_fn(
            BackwardContext(self.backward, response=response, prompt=prompt, system_prompt=system_prompt, **context)
        )
        return response

    def backward(self, response: Variable, prompt: str, system_prompt: str, backward_engine: EngineLM) -> None:
        criticize_inputs(response, _conversation(system_prompt, prompt, response), backward_engine)


def _conversation(system_prompt: str | None, prompt: str, response: Variable) -> dict:
    return {"LM_SYSTEM_PROMPT": system_prompt, "LM_INPUT": prompt, "LM_OUTPUT": response.value}


class FormattedLLMCall(LLMCall):
    """One LLM call on a question that is formatted from several variables.

    Args:
        engine, system_prompt: as for `LLMCall`.
        format_string: template of the question, in `str.format` syntax.
        fields: a dict whose keys are the placeholders of `format_string`.
    """

    def __init__(
        self, engine: EngineLM, format_string: str, fields: dict[str, str], system_prompt: Variable | None = None
    ):
        super().__init__(engine, system_prompt)
        self.format_string, self.fields = format_string, fields

    def forward(  # type: ignore[override]  # TextGrad's signature
        self, inputs: dict[str, Variable], response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE
    ) -> Variable:
        """Return the reply.

        Args:
            inputs: one text variable per field.
            response_role_description: role of the reply.

        Raises:
            UsageError: the names of inputs and fields differ (also an AssertionError), or an input is not text.
        """
        if set(inputs) != set(self.fields):
            raise WrongValue(f"the inputs are {sorted(inputs)}, but the fields are {sorted(self.fields)}")
        texts = {name: _text_of(variable, type(self).__name__) for name, variable in inputs.items()}
        return self._ask(self.format_string.format(**texts), list(inputs.values()), response_role_description)


class LLMCall_with_in_context_examples(LLMCall):
    """An `LLMCall` whose critic sees good examples."""

    def forward(
        self,
        input_variable: Variable,
        response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE,
        in_context_examples: list[str] | None = None,
    ) -> Variable:
        """Return the reply; see `LLMCall.forward`.

        Args:
            in_context_examples: good versions of the inputs.
        """
        return self._ask(
            _text_of(input_variable, type(self).__name__),
            [input_variable],
            response_role_description,
            in_context_examples=in_context_examples,
        )

    def backward(  # type: ignore[override]  # TextGrad's signature
        self,
        response: Variable,
        prompt: str,
        system_prompt: str,
        in_context_examples: list[str],
        backward_engine: EngineLM,
    ) -> None:
        criticize_inputs(
            response,
            _conversation(system_prompt, prompt, response),
            backward_engine,
            examples=in_context_examples or (),
        )
