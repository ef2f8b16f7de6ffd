"""LLM calls on texts and images."""

from textgrad.autograd.function import BackwardContext, Function, criticize_inputs
from textgrad.autograd.llm_ops import text_or_none
from textgrad.config import validate_engine_or_get_default
from textgrad.defaults import VARIABLE_OUTPUT_DEFAULT_ROLE
from textgrad.engine import EngineLM, validate_multimodal_engine
from textgrad.variable import Variable, WrongValue


class MultimodalLLMCall(Function):
    """One call of a multimodal LLM.

    Args:
        engine: an engine or its name; default: the backward engine.
        system_prompt: sent with the inputs; default: the engine's own.

    Raises:
        UsageError: the engine takes no images.
    """

    def __init__(self, engine: str | EngineLM, system_prompt: Variable | None = None):
        super().__init__()
        self.engine = validate_engine_or_get_default(engine)
        validate_multimodal_engine(self.engine)
        self.system_prompt = system_prompt

    def forward(
        self, inputs: list[Variable], response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE
    ) -> Variable:
        """Return the reply.

        Args:
            inputs: texts and images in the order to send them.
            response_role_description: role of the reply.

        Raises:
            UsageError: an input is not a Variable (also an AssertionError).
        """
        for variable in inputs:
            if not isinstance(variable, Variable):
                raise WrongValue(f"{type(self).__name__} takes Variables, not {type(variable).__name__}")
        return self._ask([variable.value for variable in inputs], inputs, response_role_description)

    def _ask(self, content: list[str | bytes], inputs: list[Variable], role: str) -> Variable:
        system_prompt = text_or_none(self.system_prompt)
        response = Variable(
            self.engine(content, system_prompt=system_prompt),
            role_description=role,
            predecessors=[self.system_prompt, *inputs] if self.system_prompt else inputs,
        )
        response.set_grad_fn(
            BackwardContext(self.backward, response=response, input_content=content, system_prompt=system_prompt)
        )
        return response

    def backward(
        self, response: Variable, input_content: list[str | bytes], system_prompt: str, backward_engine: EngineLM
    ) -> None:
        conversation = {
            "LM_SYSTEM_PROMPT": system_prompt,
            "LM_INPUT": _lines(input_content),
            "LM_OUTPUT": response.value,
        }
        criticize_inputs(response, conversation, backward_engine)


def _lines(content: list[str | bytes]) -> list[str | bytes]:
    """End every text with a newline, because a request joins consecutive texts."""
    return [part if isinstance(part, bytes) else f"{part}\n" for part in content]


class OrderedFieldsMultimodalLLMCall(MultimodalLLMCall):
    """One call of a multimodal LLM on named fields.

    Args:
        engine, system_prompt: as for `MultimodalLLMCall`.
        fields: names in sending order; each name is sent before its value.
    """

    def __init__(self, engine: str | EngineLM, fields: list[str], system_prompt: Variable | None = None):
        super().__init__(engine, system_prompt)
        self.fields = fields

    def forward(  # type: ignore[override]  # TextGrad's signature
        self, inputs: dict[str, Variable], response_role_description: str = VARIABLE_OUTPUT_DEFAULT_ROLE
    ) -> Variable:
        """Return the reply.

        Args:
            inputs: one variable per field.
            response_role_description: role of the reply.

        Raises:
            UsageError: the names of inputs and fields differ (also an AssertionError).
        """
        if set(inputs) != set(self.fields):
            raise WrongValue(f"the inputs are {sorted(inputs)}, but the fields are {self.fields}")
        content: list[str | bytes] = []
        for field in self.fields:
            value = inputs[field].value
            content += [f"{field}: {value}"] if isinstance(value, str) else [f"{field}:", value]
        return self._ask(content, [inputs[field] for field in self.fields], response_role_description)
