"""LiteLLM with a cache: `get_engine("experimental:<model>", cache=True)`."""

from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT
from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM
from textgrad.engine_experimental.base import EngineLM, cached


class LiteLLMEngine(EngineLM, ChatLiteLLM):
    """A model by its LiteLLM name. Arguments: see `EngineLM` and `ChatLiteLLM`."""

    def __init__(
        self,
        model_string: str,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = True,
        cache: Any = False,
        **options,
    ):
        ChatLiteLLM.__init__(self, model_string, system_prompt, is_multimodal, **options)
        EngineLM.__init__(self, model_string, system_prompt, is_multimodal, cache)

    def lite_llm_generate(self, content, system_prompt: str | None = None, **kwargs) -> str:
        """Return the reply to a new request, ignoring the cache. `kwargs` are fields of `Sampling`."""
        return ChatLiteLLM.generate(self, content, system_prompt, **kwargs)

    @cached
    def _generate_from_single_prompt(self, content: str, system_prompt: str | None = None, **kwargs) -> str:
        return self.lite_llm_generate(content, system_prompt, **kwargs)

    @cached
    def _generate_from_multiple_input(self, content: list, system_prompt: str | None = None, **kwargs) -> str:
        return self.lite_llm_generate(content, system_prompt, **kwargs)


ENGINES = (
    EngineKind(
        r"experimental:(.+)",
        LiteLLMEngine,
        "experimental:claude-sonnet-4-5",
        "LiteLLM, with TextGrad's cache=",
        takes_cache=True,
    ),
)
