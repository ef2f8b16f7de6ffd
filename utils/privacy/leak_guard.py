"""Measure, redact or block private training data in a client's uploads."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from textgrad.errors import unknown
from utils.privacy.leak import Leak, PrivateTexts

REDACTED = "[redacted]"
_MAX_REDACTIONS = 5


class GuardMode(StrEnum):
    """Values of `--leak_guard`."""

    OFF = "off"
    """Do not search for leaks."""
    WARN = "warn"
    """Measure leaks, but send the upload unchanged."""
    REDACT = "redact"
    """Replace leaks by `[redacted]`."""
    BLOCK = "block"
    """Send the broadcast prompt instead of an upload with a leak."""


class GuardAction(StrEnum):
    """Action of the guard. The values are part of results.json and of Flower's messages."""

    NONE = "none"
    WARNED = "warned"
    REDACTED = "redacted"
    BLOCKED = "blocked"


class Guarded(NamedTuple):
    """Outcome of the guard.

    Attributes:
        text: prompt to send.
        leak: private text in the trained prompt, before the guard.
        action: action of the guard.
    """

    text: str
    leak: Leak
    action: GuardAction


def guard(
    upload: str, broadcast: str, private: PrivateTexts | Iterable[str], mode: str = GuardMode.WARN, public: str = ""
) -> Guarded:
    """Return the prompt that may leave the client.

    Args:
        upload: prompt that the client trained.
        broadcast: prompt that the client received.
        private: the client's training questions and answers; prepare a `PrivateTexts` to guard several uploads.
        mode: a `GuardMode`.
        public: other public text, such as the task's description and answer format.

    Returns:
        The text to send, the leak and the action. Mode "redact" blocks an upload that redaction cannot clean.

    Raises:
        UsageError: unknown mode.
    """
    if mode not in set(GuardMode):
        raise unknown("leak guard", mode, list(GuardMode))
    if mode == GuardMode.OFF:
        return Guarded(upload, Leak(), GuardAction.NONE)
    private = private if isinstance(private, PrivateTexts) else PrivateTexts(private)
    public_text = f"{broadcast}\n{public}"
    leak = private.leak(upload, public_text)
    if not leak.spans:
        return Guarded(upload, leak, GuardAction.NONE)
    if mode == GuardMode.WARN:
        return Guarded(upload, leak, GuardAction.WARNED)
    if mode == GuardMode.REDACT:
        text, remaining = upload, leak
        for _ in range(_MAX_REDACTIONS):  # redaction can create new matches, so search the result again
            text = _redact(text, remaining.spans)
            remaining = private.leak(text, public_text)
            if not remaining.spans:
                return Guarded(text, leak, GuardAction.REDACTED)
    return Guarded(broadcast, leak, GuardAction.BLOCKED)


def _redact(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + REDACTED + text[end:]
    return text
