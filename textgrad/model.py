"""An LLM whose only parameter is its system prompt."""

from textgrad.autograd import LLMCall, Module
from textgrad.config import validate_engine_or_get_default
from textgrad.defaults import SYSTEM_PROMPT_DEFAULT_ROLE
from textgrad.engine import EngineLM
from textgrad.variable import Variable


class BlackboxLLM(Module):
    """An LLM with a system prompt.

    Args:
        engine: an engine or its name; default: the backward engine.
        system_prompt: a variable to train, or a fixed text; default: the engine's own.

    Raises:
        UsageError: no engine is given or set.
    """

    def __init__(self, engine: EngineLM | str | None = None, system_prompt: Variable | str | None = None):
        self.engine = validate_engine_or_get_default(engine)
        if isinstance(system_prompt, str):
            system_prompt = Variable(system_prompt, requires_grad=False, role_description=SYSTEM_PROMPT_DEFAULT_ROLE)
        self.system_prompt = system_prompt
        self.llm_call = LLMCall(self.engine, self.system_prompt)

    def parameters(self) -> list[Variable]:
        """Return a list with the system prompt, or an empty list."""
        return [self.system_prompt] if self.system_prompt else []

    def forward(self, x: Variable) -> Variable:
        """Return the reply to a text."""
        return self.llm_call(x)
