"""The experimental interface: an engine with an optional cache, a diskcache object or a file."""

import functools
from abc import abstractmethod
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, CachedEngine
from textgrad.engine.base import EngineLM as _EngineLM
from textgrad.engine.calls.call_log import key_of
from textgrad.engine.openai import user_cache
from textgrad.engine.reply import Text
from textgrad.errors import UsageError


class EngineLM(_EngineLM):
    """An engine whose `generate` calls one method for a single text and another one for several parts.

    Args:
        model_string: name of the model.
        system_prompt: default system prompt.
        is_multimodal: True if the model accepts images.
        cache: a diskcache object; True for a file in the user's cache folder; False to disable caching.

    Raises:
        UsageError: `cache` has another type.
    """

    def __init__(
        self,
        model_string: str,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = False,
        cache: Any = False,
    ):
        self.model_string, self.system_prompt, self.is_multimodal = model_string, system_prompt, is_multimodal
        self.cache = _open_cache(cache, model_string)

    @abstractmethod
    def _generate_from_single_prompt(self, content: str, system_prompt: str | None = None, **kwargs) -> str:
        """Return the reply to a text."""

    @abstractmethod
    def _generate_from_multiple_input(self, content: list, system_prompt: str | None = None, **kwargs) -> str:
        """Return the reply to texts (str) and images (bytes)."""

    def generate(self, prompt, system_prompt: str | None = None, **kwargs) -> Text:
        """Return the reply to a text or a list of texts and images.

        Raises:
            UsageError: the request contains an image, but the model accepts text only.
        """
        system_prompt = system_prompt or self.system_prompt
        if isinstance(prompt, str):
            reply = self._generate_from_single_prompt(prompt, system_prompt=system_prompt, **kwargs)
        elif not self.is_multimodal and any(isinstance(part, bytes) for part in prompt):
            raise UsageError(
                f"engine {self.model_string} accepts text only, but the request contains an image: pass "
                f"is_multimodal=True if the model accepts images"
            )
        else:
            reply = self._generate_from_multiple_input(prompt, system_prompt=system_prompt, **kwargs)
        return reply if isinstance(reply, Text) else Text(reply)


def cached(function):
    """Decorate an engine's method so that it uses `self.cache`. Flawed replies are not cached."""

    @functools.wraps(function)
    def call(self, content, system_prompt=None, **kwargs):
        if self.cache is False:
            return function(self, content, system_prompt=system_prompt, **kwargs)
        key = key_of({"model": self.model_string, "content": content, "system": system_prompt, **kwargs})
        if key not in self.cache:
            reply = function(self, content, system_prompt=system_prompt, **kwargs)
            if getattr(reply, "flaw", None):
                return reply
            self.cache[key] = str(reply)  # diskcache stores str as text, but pickles subclasses
        return self.cache[key]

    return call


class _FileCache:
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


def _open_cache(cache: Any, model_string: str):
    if isinstance(cache, bool):
        return _FileCache(model_string) if cache else False
    if any(cls.__module__.partition(".")[0] == "diskcache" for cls in type(cache).__mro__):
        return cache
    raise UsageError(f"invalid cache of type {type(cache).__name__}: expected True, False or a diskcache object")
