"""An engine that counts its calls."""

import threading

from textgrad.engine.base import EngineLM
from textgrad.errors import UsageError
from textgrad.trace import purpose


class CountedEngine:
    """An engine with a thread-safe count of its calls."""

    def __init__(self, engine: EngineLM | None):
        self.calls = 0
        self._engine, self._lock = engine, threading.Lock()
        self.enforces_form = getattr(engine, "enforces_form", False)

    def __call__(self, content: str, **options) -> str:
        if self._engine is None:
            raise UsageError("this merge has no engine to ask")
        with self._lock:
            self.calls += 1
        with purpose("merge"):
            return self._engine(content, **options)
