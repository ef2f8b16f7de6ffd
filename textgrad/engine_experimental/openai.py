"""OpenAI and compatible endpoints, with a cache."""

from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT
from textgrad.engine.openai import ChatOpenAI
from textgrad.engine_experimental.base import EngineLM, cached


class OpenAIEngine(EngineLM, ChatOpenAI):
    """A model at OpenAI or a compatible endpoint. Arguments: see `EngineLM` and `ChatOpenAI`."""

    def __init__(
        self,
        model_string: str,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = False,
        cache: Any = False,
        **options,
    ):
        ChatOpenAI.__init__(self, model_string, system_prompt, is_multimodal, **options)
        EngineLM.__init__(self, model_string, system_prompt, is_multimodal, cache)

    def openai_call(
        self, user_content, system_prompt: str | None, temperature: float, max_tokens: int, top_p: float
    ) -> str:
        """Return the reply to a new request, ignoring the cache."""
        return ChatOpenAI.generate(
            self, user_content, system_prompt, temperature=temperature, max_tokens=max_tokens, top_p=top_p
        )

    @cached
    def _generate_from_single_prompt(
        self,
        content: str,
        system_prompt: str | None = None,
        temperature: float = 0,
        max_tokens: int = 2000,
        top_p: float = 0.99,
    ) -> str:
        return self.openai_call(content, system_prompt, temperature, max_tokens, top_p)

    @cached
    def _generate_from_multiple_input(
        self,
        content: list,
        system_prompt: str | None = None,
        temperature: float = 0,
        max_tokens: int = 2000,
        top_p: float = 0.99,
    ) -> str:
        return self.openai_call(content, system_prompt, temperature, max_tokens, top_p)


class OpenAICompatibleEngine(OpenAIEngine):
    """A model called through a custom client of the `openai` package.

    Args:
        client: an `openai.OpenAI`, or an object with its interface.
        model_string, system_prompt, is_multimodal, cache, **options: see `OpenAIEngine`.
    """

    def __init__(
        self,
        client,
        model_string: str,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = False,
        cache: Any = False,
        **options,
    ):
        super().__init__(
            model_string,
            system_prompt,
            is_multimodal,
            cache,
            base_url=str(client.base_url),
            api_key=client.api_key,
            **options,
        )
        self.client = client.with_options(max_retries=0)  # the limiter retries
