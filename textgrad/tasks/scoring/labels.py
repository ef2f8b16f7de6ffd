"""Labels of answers, for splits in which clients see different kinds of answers."""

import zlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from fractions import Fraction

from textgrad.tasks.scoring.answers import normal
from textgrad.tasks.scoring.numerals import value_of

MOST_LABELS = 10


def labels_of(answers: Sequence[str]) -> Callable[[str], str]:
    """A function from an answer to its label: at most ten labels, the same at every run.

    Up to ten different answers are their own labels. More are grouped: numbers by tenths of the data (the label
    is the range's upper end), other texts by a checksum.

    Args:
        answers: the answers of the data that will be split.
    """
    if len({_plain(answer) for answer in answers}) <= MOST_LABELS:
        return _plain
    values = sorted(value for value in map(value_of, answers) if value is not None)
    if len(values) < len(answers):
        return lambda answer: f"group {zlib.crc32(_plain(answer).encode()) % MOST_LABELS}"
    bounds = sorted({values[len(values) * part // MOST_LABELS] for part in range(1, MOST_LABELS)})
    return lambda answer: _range_label(value_of(answer), bounds)


def _plain(answer: str) -> str:
    value = value_of(answer)
    return normal(answer) if value is None else str(value)


def _range_label(value: Fraction | None, bounds: list[Fraction]) -> str:
    if value is None:
        return "no number"
    place = bisect_left(bounds, value)
    return f"up to {bounds[place]}" if place < len(bounds) else f"above {bounds[-1]}"
