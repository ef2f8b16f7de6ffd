"""Measure, redact, paraphrase or block private training data in a client's uploads."""

import functools
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from textgrad.errors import BadReply, UsageError, unknown
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
    PARAPHRASE = "paraphrase"
    """Have the client's own engine write the upload without leaks; redact it if that fails."""
    BLOCK = "block"
    """Send the broadcast prompt instead of an upload with a leak."""


class GuardAction(StrEnum):
    """Action of the guard. The values are part of results.json and of Flower's messages."""

    NONE = "none"
    WARNED = "warned"
    REDACTED = "redacted"
    PARAPHRASED = "paraphrased"
    BLOCKED = "blocked"


CHANGING_MODES = (GuardMode.REDACT, GuardMode.PARAPHRASE, GuardMode.BLOCK)
CHANGES = (GuardAction.REDACTED, GuardAction.PARAPHRASED, GuardAction.BLOCKED)

Paraphrase = Callable[[str, Sequence[str], Callable[[str], str]], str]  # see `utils.federation.paraphrase`


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
    upload: str,
    broadcast: str,
    private: PrivateTexts | Iterable[str],
    mode: str = GuardMode.WARN,
    public: str = "",
    paraphrase: Paraphrase | None = None,
) -> Guarded:
    """Return the prompt that may leave the client.

    Args:
        upload: prompt that the client trained.
        broadcast: prompt that the client received.
        private: the client's training questions and answers; prepare a `PrivateTexts` to guard several uploads.
        mode: a `GuardMode`.
        public: other public text, such as the task's description and answer format.
        paraphrase: called with the upload, its leaks, and a check of the new text that raises `BadReply`; for mode
            "paraphrase".

    Returns:
        The text to send, the leak and the action. Mode "paraphrase" redacts an upload without a clean paraphrase, and
        an upload that redaction cannot clean is blocked.

    Raises:
        UsageError: unknown mode, or mode "paraphrase" without `paraphrase`.
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
    if mode == GuardMode.PARAPHRASE:
        if paraphrase is None:
            raise UsageError("leak guard 'paraphrase' needs an engine: give `paraphrase`, or use 'redact'")
        leaks = list(dict.fromkeys(upload[start:end] for start, end in leak.spans))
        try:
            text = paraphrase(upload, leaks, functools.partial(_clean, private=private, public=public_text))
            return Guarded(text, leak, GuardAction.PARAPHRASED)
        except BadReply:
            pass  # redact instead
    if mode != GuardMode.BLOCK and (text := _redacted(upload, leak, private, public_text)):
        return Guarded(text, leak, GuardAction.REDACTED)
    return Guarded(broadcast, leak, GuardAction.BLOCKED)


def _clean(text: str, private: PrivateTexts, public: str) -> str:
    """Return a text without leaks.

    Raises:
        BadReply: it has some. The model reads the message when it is asked again.
    """
    if spans := private.leak(text, public).spans:
        raise BadReply(f"it still has the private text {text[slice(*spans[0])]!r}")
    return text


def _redacted(text: str, leak: Leak, private: PrivateTexts, public: str) -> str:
    """Return the text without its leaks; "" if redaction creates new ones again and again."""
    for _ in range(_MAX_REDACTIONS):
        for start, end in reversed(leak.spans):
            text = text[:start] + REDACTED + text[end:]
        leak = private.leak(text, public)
        if not leak.spans:
            return text
    return ""
