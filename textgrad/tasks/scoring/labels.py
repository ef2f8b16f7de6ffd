"""Label answers, for partitions that skew the answers of clients."""

import zlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from fractions import Fraction

from textgrad.tasks.scoring.answers import normalize
from textgrad.tasks.scoring.numerals import value_of

MAX_LABELS = 10


def labels_of(answers: Sequence[str]) -> Callable[[str], str]:
    """Return a function that labels an answer, with at most ten labels, the same in every run.

    Up to ten different answers are their own labels. More are grouped: numbers by tenths of the data (the label
    is the range's upper end), other texts by a checksum.

    Args:
        answers: of the data that will be split.
    """
    if len({_canonical(answer) for answer in answers}) <= MAX_LABELS:
        return _canonical
    values = sorted(value for value in map(value_of, answers) if value is not None)
    if len(values) < len(answers):
        return lambda answer: f"group {zlib.crc32(_canonical(answer).encode()) % MAX_LABELS}"
    bounds = sorted({values[len(values) * part // MAX_LABELS] for part in range(1, MAX_LABELS)})
    return lambda answer: _range_label(value_of(answer), bounds)


def _canonical(answer: str) -> str:
    value = value_of(answer)
    return normalize(answer) if value is None else str(value)


def _range_label(value: Fraction | None, bounds: list[Fraction]) -> str:
    if value is None:
        return "no number"
    index = bisect_left(bounds, value)
    return f"up to {bounds[index]}" if index < len(bounds) else f"above {bounds[-1]}"
