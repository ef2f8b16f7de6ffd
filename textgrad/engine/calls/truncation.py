"""Detection of endpoints that truncate long prompts without an error, by the token counts that they report."""

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

_SHORT_PROMPT = 4096  # characters; fits the context of every server
_SHORTEST_PROMPT = 200  # characters; in shorter prompts, the tokens of the chat template distort the ratio
_MAX_CHARACTERS_PER_TOKEN = 6.0  # tokenizers produce four to five for prose, and less for other text
_MAX_RATIO = 1.5  # of the characters per token in a long prompt to those in short prompts


class TruncationDetector:
    """Compares the characters per token of long prompts with those of short prompts, per endpoint.

    Args:
        warn: receives one line per endpoint that truncates prompts; prints to standard error by default.
    """

    def __init__(self, warn: Callable[[str], None] | None = None):
        self.warn = warn or (lambda line: print(line, file=sys.stderr))
        self._short_prompts: dict[str, tuple[int, int]] = {}
        self._warned: set[str] = set()
        self._lock = threading.Lock()

    def observe(self, endpoint: str, messages: Sequence[dict[str, Any]], tokens: int | None) -> None:
        """Record an answered prompt.

        Args:
            endpoint: where it was sent.
            messages: as returned by `messages_of`.
            tokens: prompt tokens counted by the endpoint; None if it does not count them.
        """
        sent = sum(_length(message["content"]) for message in messages)
        if not tokens or sent < _SHORTEST_PROMPT:
            return
        with self._lock:
            characters, counted = self._short_prompts.get(endpoint, (0, 0))
            if sent < _SHORT_PROMPT:
                self._short_prompts[endpoint] = characters + sent, counted + tokens
                return
            limit = max(_MAX_CHARACTERS_PER_TOKEN, _MAX_RATIO * characters / counted if counted else 0.0)
            if endpoint in self._warned or sent / tokens <= limit:
                return
            self._warned.add(endpoint)
        self.warn(
            f"warning: {endpoint} seems to truncate long prompts silently: it counted {tokens} tokens in {sent} "
            "characters; increase its context length (Ollama: OLLAMA_CONTEXT_LENGTH)"
        )


def _length(content: Any) -> int:
    """Return the characters in the content of a message, without images."""
    if isinstance(content, str):
        return len(content)
    return sum(len(part) for part in content if isinstance(part, str))
