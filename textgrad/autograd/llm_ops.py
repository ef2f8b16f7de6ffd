"""Calls of a language model with text."""

from textgrad.autograd.function import BackwardContext, Function, WrongInput, criticize_inputs
from textgrad.config import validate_engine_or_get_default
from textgrad.defaults import VARIABLE_OUTPUT_DEFAULT_ROLE
from textgrad.engine import EngineLM
from textgrad.variable import Variable, WrongValue


def value_of(variable: Variable | None) -> str | None:
    """The value of an optional variable."""
    return variable.value if variable else None


def _text_of(variable: Variable, operation: str) -> str:
    if not isinstance(variable, Variable):
        raise WrongInput(
            f"{operation} takes a Variable, not {type(variable).__name__}; "
            "for several texts and images use MultimodalLLMCall"
        )
    if not isinstance(variable.value, str):
        raise WrongInput(
            f"{operation} takes text, but the variable {variable.role_description!r} holds an image; "
            "use MultimodalLLMCall"
        )
    return variable.value


class LLMCall(Function):
    """Asks a model one question.

    Args:
        engine: an engine or its name; the backward engine by default.
        system_prompt: sent along; the engine's own by default.
    """

    def __init__(self, engine: EngineLM, system_prompt: Variable = None):
        super().__init__()
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = system_prompt

    def forward(
        self, input_variable: Variable, response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE
    ) -> Variable:
        """The reply.

        Args:
            input_variable: the question, a text.
            response_role_description: role of the reply.

        Raises:
            UsageError: the question is no text (also an AttributeError).
        """
        return self._ask(_text_of(input_variable, type(self).__name__), [input_variable], response_role_description)

    def _ask(self, prompt: str, inputs: list[Variable], role: str, **remembered) -> Variable:
        system_prompt = value_of(self.system_prompt)
        response = Variable(
            self.engine(prompt, system_prompt=system_prompt),
            role_description=role,
            predecessors=[self.system_prompt, *inputs] if self.system_prompt else inputs,
        )
        response.set_grad_fn(
            BackwardContext(self.backward, response=response, prompt=prompt, system_prompt=system_prompt, **remembered)
        )
        return response

    def backward(self, response: Variable, prompt: str, system_prompt: str, backward_engine: EngineLM) -> None:
        criticize_inputs(response, _conversation(system_prompt, prompt, response), backward_engine)


def _conversation(system_prompt: str | None, prompt: str, response: Variable) -> dict:
    return {"LM_SYSTEM_PROMPT": system_prompt, "LM_INPUT": prompt, "LM_OUTPUT": response.value}


class FormattedLLMCall(LLMCall):
    """Asks a model one question that is put together from several variables.

    Args:
        engine, system_prompt: as for `LLMCall`.
        format_string: the question, as for `str.format`.
        fields: its keys are the names in `format_string`.
    """

    def __init__(self, engine: EngineLM, format_string: str, fields: dict[str, str], system_prompt: Variable = None):
        super().__init__(engine, system_prompt)
        self.format_string, self.fields = format_string, fields

    def forward(
        self, inputs: dict[str, Variable], response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE
    ) -> Variable:
        """The reply.

        Args:
            inputs: for every field a variable that holds text.
            response_role_description: role of the reply.

        Raises:
            UsageError: the inputs are not those of the fields (also an AssertionError); one of them is no text.
        """
        if set(inputs) != set(self.fields):
            raise WrongValue(f"the inputs are {sorted(inputs)}, but the fields are {sorted(self.fields)}")
        texts = {name: _text_of(variable, type(self).__name__) for name, variable in inputs.items()}
        return self._ask(self.format_string.format(**texts), list(inputs.values()), response_role_description)


class LLMCall_with_in_context_examples(LLMCall):
    """An `LLMCall` whose critic is shown good examples."""

    def forward(
        self,
        input_variable: Variable,
        response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE,
        in_context_examples: list[str] = None,
    ) -> Variable:
        """As `LLMCall.forward`.

        Args:
            in_context_examples: what good versions of the inputs look like.
        """
        return self._ask(
            _text_of(input_variable, type(self).__name__),
            [input_variable],
            response_role_description,
            in_context_examples=in_context_examples,
        )

    def backward(
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
