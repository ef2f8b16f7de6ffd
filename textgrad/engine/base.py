"""The seam between the program and any language model: `complete(messages, sampling) -> Reply`.

`EngineLM` is TextGrad's interface, all that a user's own engine needs. `ChatEngine` is what our engines build on:
they implement `complete` alone; caching, limits, retries and counting belong to the gateway.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textgrad.engine.reply import Reply, Sampling, Text

DEFAULT_SYSTEM_PROMPT = "You are a capable assistant who answers with care and with imagination."


class EngineLM(ABC):
    """A language model. A subclass needs `generate`, and may be any synchronous code.

    Attributes:
        system_prompt: used when a call brings none.
        model_string: the model's name at its endpoint.
        endpoint: where the model is reached; part of the key under which replies are kept.
        is_multimodal: True when images may be sent.
        enforces_form: True when `generate` takes `within=` and no other form can come back.
    """

    system_prompt: str = DEFAULT_SYSTEM_PROMPT
    model_string: str = ""
    endpoint: str = ""
    is_multimodal: bool = False
    enforces_form: bool = False

    @abstractmethod
    def generate(self, prompt, system_prompt: str | None = None, **kwargs) -> str:
        """The model's reply to `prompt`, a text or a list of texts (str) and images (bytes)."""

    def __call__(self, *args, **kwargs) -> str:
        return self.generate(*args, **kwargs)

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages; for an engine that only has `generate`, through it.

        Args:
            messages: `{"role": "system" | "user", "content": str | list[str | bytes]}`, as `messages_of` makes them.
            sampling: ignored here, as a user's `generate` may take no such arguments.
        """
        system = next((message["content"] for message in messages if message["role"] == "system"), None)
        content = next(message["content"] for message in messages if message["role"] == "user")
        return Reply(str(self.generate(content, system_prompt=system)))


class ChatEngine(EngineLM):
    """An engine with sampling parameters and counted tokens: implement `complete`.

    It raises `TransientError` for what trying again may mend, `BrokenSystem` for what it cannot, `ContextExceeded`
    for a request that is too long, and returns every other reply, good or bad, as a `Reply`.
    """

    sampling = Sampling()

    @abstractmethod
    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages, by one request."""

    def generate(self, content, system_prompt: str | None = None, **kwargs) -> Text:
        """The reply to a text or a list of texts and images.

        Args:
            content: str, or list of str and bytes (an image's file).
            system_prompt: in place of the engine's own.
            **kwargs: fields of `Sampling`.
        """
        from textgrad.engine.calls.gateway import standalone_gateway  # the gateway needs this module

        return standalone_gateway().route(self).generate(content, system_prompt=system_prompt, **kwargs)


def messages_of(content, system_prompt: str | None) -> list[dict[str, Any]]:
    """Chat messages for one user turn. An empty system prompt sends no system message.

    Args:
        content: str, or list of str and bytes.
        system_prompt: str or None.
    """
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    return system + [{"role": "user", "content": content}]


class CachedEngine:
    """TextGrad's mix-in for an engine that keeps replies on disk, on the same store as a run's call log.

    Args:
        cache_path: a folder; the store is made in it at the first use.
    """

    def __init__(self, cache_path):
        super().__init__()
        self.cache_path = cache_path
        self._store = None

    def _cache(self):
        if self._store is None:
            from textgrad.engine.calls.call_log import CallLog

            Path(self.cache_path).mkdir(parents=True, exist_ok=True)
            self._store = CallLog(Path(self.cache_path) / "calls.sqlite")
        return self._store

    def _check_cache(self, prompt: str) -> str | None:
        """The reply kept for exactly this text, or None."""
        from textgrad.engine.calls.call_log import key_of

        found = self._cache().get(key_of(prompt))
        return found.text if found else None

    def _save_cache(self, prompt: str, response: str) -> None:
        from textgrad.engine.calls.call_log import canonical, key_of

        self._cache().put(key_of(prompt), canonical(prompt), Reply(response), seconds=0.0)
