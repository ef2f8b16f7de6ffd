"""Detect replies that repeat texts of their request instead of answering it."""

import re
from collections.abc import Iterable

_WORDS_PER_RUN = 6
_ECHO = 0.5  # share of repeated runs of words from which a reply counts as an echo
_WORD = re.compile(r"\w+")


def repeated_share(reply: str, sources: Iterable[str], allowed: Iterable[str] = ()) -> float:
    """Return the share of a reply's runs of six words that also occur in other texts.

    Words are compared without letter case and punctuation. Equal runs in the reply count once.

    Args:
        reply: any text.
        sources: the texts that the reply may repeat.
        allowed: texts whose runs of words do not count as repeated.

    Returns:
        A share in [0, 1]; 0 for a reply of fewer than six words.
    """
    runs = _runs(reply)
    return len(runs & (_runs_of(sources) - _runs_of(allowed))) / len(runs) if runs else 0.0


def is_echo(reply: str, sources: Iterable[str], allowed: Iterable[str] = ()) -> bool:
    """Return True if at least half of a reply's runs of six words occur in other texts; see `repeated_share`."""
    return repeated_share(reply, sources, allowed) >= _ECHO


def _runs_of(texts: Iterable[str]) -> set[tuple[str, ...]]:
    return {run for text in texts for run in _runs(text)}


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return set(zip(*(words[start:] for start in range(_WORDS_PER_RUN)), strict=False))
