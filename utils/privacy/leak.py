"""Private training questions and answers that an upload reveals.

Text of the broadcast prompt is not a leak. The search covers copied runs of words and identifiers: numbers, names, and
secrets (e-mail addresses, ids, keys). Numbers of ordinary instructions ("answer: 3", "60 minutes") do not count. The
README says what is not found.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from utils.privacy.copied_runs import CopiedRuns
from utils.privacy.identifiers import Identifier, Kind, identifiers, secrets_anywhere
from utils.privacy.normalized_text import NormalizedText, Words
from utils.privacy.numbers import numbers_in, rare_numbers

LEAKED_RUN = 6  # words in a row; shorter runs are ordinary language ("how many are there in")


class LeakLevel(StrEnum):
    """Severity of a leak. The values are part of results.json."""

    NONE = "none"
    SOME = "some"
    """Five words in a row were copied, but no private text."""
    LEAK = "leak"


@dataclass(frozen=True)
class Leak:
    """Private text in an upload.

    Attributes:
        longest_run: length of the longest copied run of words; 0 if below 5.
        overlap: share of the upload's new 5-word runs that also occur in a private text, in [0, 1]. Runs that occur in
            many private texts are a template and do not count.
        numbers: leaked numbers, as the private texts spell them.
        names: leaked names.
        secrets: secrets of any origin.
        spans: (start, end) of all leaks in the upload, ordered and disjoint.
        score: share of the upload's characters in those spans, in [0, 1].
    """

    longest_run: int = 0
    overlap: float = 0.0
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    score: float = 0.0

    @property
    def level(self) -> LeakLevel:
        """Severity of the leak."""
        if self.spans:
            return LeakLevel.LEAK
        return LeakLevel.SOME if self.longest_run else LeakLevel.NONE

    def as_json(self) -> dict[str, Any]:
        """Return level and counts without the strings, because logs are published."""
        return {
            "level": self.level,
            "score": round(self.score, 4),
            "longest_run": self.longest_run,
            "overlap": round(self.overlap, 4),
            "numbers": len(self.numbers),
            "names": len(self.names),
            "secrets": len(self.secrets),
        }


class PrivateTexts:
    """A client's private texts, indexed once and used for every upload.

    Args:
        texts: its training questions and answers.
    """

    def __init__(self, texts: Iterable[str]):
        texts = list(texts)
        self.identifiers: list[Identifier] = identifiers(texts)
        self._numbers = rare_numbers(texts)
        self._copied_runs = CopiedRuns(texts)

    def leak(self, upload: str, public: str) -> Leak:
        """Return the private text in an upload that is not part of a public text."""
        words, (public_words, public_text, public_numbers) = Words(upload), _normalized(public)
        runs, overlap = self._copied_runs.find(words.words, public_words.words)
        spans = [
            (words.spans[begin][0], words.spans[begin + length - 1][1])
            for begin, length in runs
            if length >= LEAKED_RUN
        ]
        leaked: dict[Kind, set[str]] = {kind: set() for kind in Kind}
        normalized_upload = NormalizedText(upload)
        for identifier in self.identifiers:
            if identifier.key not in normalized_upload.key:  # a fast test before the exact one
                continue
            occurrences = list(identifier.find_in(normalized_upload))
            if occurrences and not any(identifier.find_in(public_text)):
                spans += occurrences
                leaked[identifier.kind].add(identifier.text)
        for start, end, value in numbers_in(upload):
            if value in self._numbers and value not in public_numbers:
                spans.append((start, end))
                leaked[Kind.NUMBER].add(self._numbers[value])
        for start, end, key in secrets_anywhere(upload):
            if key not in public_text.key:
                spans.append((start, end))
                leaked[Kind.SECRET].add(upload[start:end])
        merged = _merge_spans(spans)
        return Leak(
            longest_run=max((length for _, length in runs), default=0),
            overlap=overlap,
            numbers=tuple(sorted(leaked[Kind.NUMBER])),
            names=tuple(sorted(leaked[Kind.NAME])),
            secrets=tuple(sorted(leaked[Kind.SECRET])),
            spans=merged,
            score=sum(end - start for start, end in merged) / max(1, len(upload)),
        )


@functools.lru_cache(maxsize=4)  # all clients of a round receive the same prompt
def _normalized(public: str) -> tuple[Words, NormalizedText, set[str]]:
    return Words(public), NormalizedText(public), {value for _, _, value in numbers_in(public)}


def _merge_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return ordered spans, with overlapping and touching ones combined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
