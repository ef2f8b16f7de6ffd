"""The experimental interface: an engine that may keep its replies, in a diskcache object or in a file of its own."""

import functools
from abc import abstractmethod
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, CachedEngine
from textgrad.engine.base import EngineLM as _EngineLM
from textgrad.engine.calls.call_log import key_of
from textgrad.engine.openai import user_cache
from textgrad.errors import UsageError


class EngineLM(_EngineLM):
    """An engine whose `generate` sends one text or several parts to a method of its own each.

    Args:
        model_string: the model's name.
        system_prompt: used when a call brings none.
        is_multimodal: True when the model takes images.
        cache: a diskcache object; True for a file in the user's cache folder; False for none.

    Raises:
        UsageError: `cache` is something else.
    """

    def __init__(
        self,
        model_string: str,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = False,
        cache: Any = False,
    ):
        self.model_string, self.system_prompt, self.is_multimodal = model_string, system_prompt, is_multimodal
        self.cache = _checked(cache, model_string)

    @abstractmethod
    def _generate_from_single_prompt(self, content: str, system_prompt: str | None = None, **kwargs) -> str:
        """Return the reply to a text."""

    @abstractmethod
    def _generate_from_multiple_input(self, content: list, system_prompt: str | None = None, **kwargs) -> str:
        """Return the reply to texts (str) and images (bytes)."""

    def generate(self, content, system_prompt: str | None = None, **kwargs) -> str:  # type: ignore[override]
        """Return the reply to a text or a list of texts and images.

        Raises:
            UsageError: an image is sent to a text-only engine.
        """
        system_prompt = system_prompt or self.system_prompt
        if isinstance(content, str):
            return self._generate_from_single_prompt(content, system_prompt=system_prompt, **kwargs)
        if not self.is_multimodal and any(isinstance(part, bytes) for part in content):
            raise UsageError(
                f"engine {self.model_string} takes text only but received an image: pass "
                f"is_multimodal=True if the model reads images"
            )
        return self._generate_from_multiple_input(content, system_prompt=system_prompt, **kwargs)


def cached(function):
    """Decorate an engine's method to answer from `self.cache` if it is on; flawed replies are not cached."""

    @functools.wraps(function)
    def answer(self, content, system_prompt=None, **kwargs):
        if self.cache is False:
            return function(self, content, system_prompt=system_prompt, **kwargs)
        key = key_of({"model": self.model_string, "content": content, "system": system_prompt, **kwargs})
        if key not in self.cache:
            reply = function(self, content, system_prompt=system_prompt, **kwargs)
            if getattr(reply, "flaw", None):
                return reply
            self.cache[key] = str(reply)  # a plain str, which diskcache keeps as text and never pickles
        return self.cache[key]

    return answer


class _File:
    """The cache of `cache=True`: a mapping stored in the format of a run's call log."""

    def __init__(self, model_string: str):
        self._store = CachedEngine(user_cache(f"cache_model_{model_string}"))

    def __contains__(self, key: str) -> bool:
        return self._store._check_cache(key) is not None

    def __getitem__(self, key: str) -> str:
        reply = self._store._check_cache(key)
        if reply is None:
            raise KeyError(key)
        return reply

    def __setitem__(self, key: str, reply: str) -> None:
        self._store._save_cache(key, reply)


def _checked(cache: Any, model_string: str):
    if isinstance(cache, bool):
        return _File(model_string) if cache else False
    if any(cls.__module__.partition(".")[0] == "diskcache" for cls in type(cache).__mro__):
        return cache
    raise UsageError(f"cache is a {type(cache).__name__}: it must be True, False or a diskcache object")
