"""Endpoints that cut long prompts and say nothing: found by the tokens that they report, and told of once."""

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

_SHORT = 4096  # characters; no server's context is too short for these
_TELLING = 200  # characters; in shorter prompts the chat template's own tokens weigh too much
_MOST = 6.0  # characters a token; tokenizers make four to five of prose, less of anything else
_SURPRISING = 1.5  # times what this endpoint makes of short prompts


class TruncationDetector:
    """Watches how many characters each endpoint makes into one token.

    Args:
        warn: told in one line of an endpoint that cuts prompts, once for each; standard error if left out.
    """

    def __init__(self, warn: Callable[[str], None] | None = None):
        self.warn = warn or (lambda line: print(line, file=sys.stderr))
        self._short: dict[str, tuple[int, int]] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def observe(self, endpoint: str, messages: Sequence[dict[str, Any]], tokens: int | None) -> None:
        """Takes note of an answered prompt.

        Args:
            endpoint: that answered.
            messages: as `messages_of` makes them.
            tokens: of the prompt, as the endpoint counted them; None where it did not.
        """
        sent = sum(_length(message["content"]) for message in messages)
        if not tokens or sent < _TELLING:
            return
        with self._lock:
            characters, counted = self._short.get(endpoint, (0, 0))
            if sent < _SHORT:
                self._short[endpoint] = characters + sent, counted + tokens
                return
            usual = max(_MOST, _SURPRISING * characters / counted if counted else 0.0)
            if endpoint in self._told or sent / tokens <= usual:
                return
            self._told.add(endpoint)
        self.warn(
            f"warning: {endpoint} seems to cut long prompts silently: of {sent} characters it read {tokens} "
            "tokens; give it a longer context (Ollama: OLLAMA_CONTEXT_LENGTH)"
        )


def _length(content) -> int:
    """Characters of a message's content, images left out."""
    if isinstance(content, str):
        return len(content)
    return sum(len(part) for part in content if isinstance(part, str))
