"""Numbers compared by value: 1,470 is 1470 and 12.50 is 12.5, but neither contains 470 or 12."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from utils.privacy.normalized_text import INVISIBLE, template_limit

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?")
_FULL_WIDTH = {"．": ".", "，": ","}
_ROUND = re.compile(r"[1-9]0+|0+")
_COMMON = frozenset(Path(__file__).with_name("common_numbers.txt").read_text(encoding="ascii").split())


def is_common(value: str) -> bool:
    """Return True for round numbers and those of ordinary instructions, such as 7, 24, 60 or 0.5."""
    return value in _COMMON or _ROUND.fullmatch(value) is not None


def numbers_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, value) of each number, in digits of any script; invisible characters do not hide it."""
    positions: Sequence[int] = range(len(text))
    if not text.isascii():
        positions = [position for position in positions if not INVISIBLE.match(text[position])]
    visible = "".join(text[position] for position in positions)
    for match in _NUMBER.finditer(_ascii_digits(visible)):
        yield positions[match.start()], positions[match.end() - 1] + 1, _value(match.group())


def rare_numbers(texts: Sequence[str]) -> dict[str, str]:
    """Return the numbers of private texts that would hardly stand in another text by chance: {value: spelling}.

    They are neither common nor part of a template. If the texts hold more than half of all whole numbers of some
    length, as thousands of questions do for two digits, those tell nothing and are left out.
    """
    spelling: dict[str, str] = {}
    documents: Counter[str] = Counter()
    for text in texts:
        found = {value: text[start:end] for start, end, value in numbers_in(text) if not is_common(value)}
        spelling = found | spelling
        documents.update(found.keys())
    limit, lengths = template_limit(len(texts)), Counter(len(value) for value in spelling if value.isdigit())
    return {
        value: text
        for value, text in spelling.items()
        if documents[value] <= limit and lengths[len(value)] <= 9 * 10 ** (len(value) - 1) / 2
    }


def _ascii_digits(text: str) -> str:
    """Return a text of the same length, with ASCII digits, decimal points and commas."""
    if text.isascii():
        return text
    return "".join(_FULL_WIDTH.get(each) or str(unicodedata.decimal(each, each)) for each in text)


def _value(number: str) -> str:
    number = number.replace(",", "")
    return number.rstrip("0").rstrip(".") if "." in number else number
