"""The interface between the program and any language model: `complete(messages, sampling) -> Reply`.

`EngineLM` is TextGrad's interface; a user's own engine needs nothing else. `ChatEngine` is the base of our engines,
which implement only `complete`. In a run, the gateway adds the call log, limits, retries and usage.
"""

import dataclasses
import functools
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textgrad.engine.calls.call_log import CallLog, canonical, key_of
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.reply import Reply, Sampling, Text
from textgrad.text import normalize

DEFAULT_SYSTEM_PROMPT = "You are a capable assistant who answers with care and with imagination."


class EngineLM(ABC):
    """A language model. A subclass implements `generate`, with any synchronous code.

    Attributes:
        system_prompt: default system prompt.
        model_string: name of the model at its endpoint.
        endpoint: address of the model; part of the key of stored replies.
        is_multimodal: True if the model accepts images.
        enforces_form: True if `generate` accepts `within=` and guarantees that form.
        sampling: default sampling parameters.
    """

    system_prompt: str = DEFAULT_SYSTEM_PROMPT
    model_string: str = ""
    endpoint: str = ""
    is_multimodal: bool = False
    enforces_form: bool = False
    sampling = Sampling()

    @abstractmethod
    def generate(self, prompt, system_prompt: str | None = None, **kwargs) -> str:
        """Return the model's reply to `prompt`, a text or a list of texts (str) and images (bytes)."""

    def __call__(self, *args, **kwargs) -> str:
        return self.generate(*args, **kwargs)

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply to chat messages, by `generate`.

        Args:
            messages: `{"role": "system" | "user", "content": str | list[str | bytes]}`, as returned by `messages_of`.
            sampling: ignored here, since a user's `generate` may not accept such arguments.
        """
        system = next((message["content"] for message in messages if message["role"] == "system"), None)
        content = next(message["content"] for message in messages if message["role"] == "user")
        return Reply(str(self.generate(content, system_prompt=system)))


class ChatEngine(EngineLM):
    """An engine with sampling parameters and token counts. A subclass implements `complete`.

    `complete` raises `TransientError` if a retry may help, `BrokenSystem` if it cannot, and `ContextExceeded` if the
    request is too long. It returns every other reply, good or bad, as a `Reply`.
    """

    @abstractmethod
    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply to chat messages, by one request."""

    def generate(self, prompt, system_prompt: str | None = None, **kwargs) -> Text:
        """Return the reply to a text, or to a list of texts and images, outside of a run: with retries, without log.

        Args:
            prompt: str, or list of str and bytes (image files).
            system_prompt: replaces the engine's own; "" for none.
            **kwargs: fields of `Sampling`.

        Raises:
            CallFailed: all retries failed.
            ContextExceeded: the request is too long.
            BrokenSystem: the endpoint cannot be used.
        """
        sampling = dataclasses.replace(self.sampling, **kwargs)
        messages = messages_of(prompt, self.system_prompt if system_prompt is None else system_prompt)
        for _ in range(2):
            reply = _limiter().call(lambda: self.complete(messages, sampling), self.endpoint)
            reply = dataclasses.replace(reply, text=normalize(reply.text))
            if not reply.should_be_repeated:
                break
        for remark in reply.remarks:
            _print_once(remark)
        return Text(reply.text, reply.flaw)


@functools.cache
def _print_once(remark: str) -> None:
    print(remark, file=sys.stderr)


@functools.cache
def _limiter() -> Limiter:
    """Return the limiter of all calls outside of a run."""
    return Limiter()


def messages_of(content, system_prompt: str | None) -> list[dict[str, Any]]:
    """Return the chat messages of one user turn. An empty system prompt sends no system message.

    Args:
        content: str, or list of str and bytes.
        system_prompt: str or None.
    """
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    return system + [{"role": "user", "content": content}]


class CachedEngine:
    """TextGrad's mix-in for an engine that caches replies on disk, in a call log.

    Args:
        cache_path: folder of the cache, created at the first use.
    """

    def __init__(self, cache_path):
        super().__init__()
        self.cache_path = cache_path
        self._call_log: CallLog | None = None

    def _cache(self) -> CallLog:
        if self._call_log is None:
            Path(self.cache_path).mkdir(parents=True, exist_ok=True)
            self._call_log = CallLog(Path(self.cache_path) / "calls.sqlite")
        return self._call_log

    def _check_cache(self, prompt: str) -> str | None:
        """Return the cached reply to exactly this text, or None."""
        found = self._cache().get(key_of(prompt))
        return found.text if found else None

    def _save_cache(self, prompt: str, response: str) -> None:
        self._cache().put(key_of(prompt), canonical(prompt), Reply(response), seconds=0.0)
