"""Read the number that a text gives as its answer: signs, decimals, thousands separators, fractions and units."""

import functools
import re
from collections.abc import Iterator
from fractions import Fraction

from textgrad.tasks.scoring.extract import clean

_MAX_LENGTH = 400  # characters: longer than any sensible answer, short enough to compute with
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_WORD_FIRST = re.compile(rf"({'|'.join(WORDS)})\b(?!-|\s+(?:answer|or|and|to)\b)", re.IGNORECASE)
_MINUS = re.compile("[\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d]")
_REMARK = re.compile(r"\((?=[^()]*[A-Za-z]{2})[^()]*\)")
_PLAIN = r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?|\.\d+)(?!\d|[.,]\d|[eE][+-]?\d)"
_TOKEN = re.compile(rf"(?<![\w.])(?<!\d,)(?P<value>{_PLAIN})(?:\s?/\s?(?P<denominator>{_PLAIN}))?")
_SIGN = re.compile(r"(?:(?<![\w)%])-|\b(?:minus|negative)\s)\s?[$€£¥(]?\s?$", re.IGNORECASE)
_WORD_OPERATOR = r"(?:plus|minus|times|divided by|multiplied by)"
_OPERATOR_BEFORE = re.compile(
    rf"(?:[\d)%]\s*[-+*/^×÷]|[A-Za-z]\s*[+*/^×÷]|[A-Za-z]-|[A-Za-z]\s+-\s|\d\s*{_WORD_OPERATOR}|\d:)\s*[$(]?\s*-?$",
    re.IGNORECASE,
)
_OPERATOR_AFTER = re.compile(
    rf"\s*%?\s*(?:[-+*/^×÷]|{_WORD_OPERATOR}\b)\s*[({{]?\s*-?\s*[$\d.\\]|\(\s*[-\d]|:\d", re.IGNORECASE
)
_LIST = re.compile(r"\s+|[\s$)(%]*(?:,|;|&|\bor\b|\band\b|\bto\b)[\s$)(]*")


@functools.lru_cache(maxsize=4096)  # right answers are compared with many replies
def number_in(text: str) -> Fraction | None:
    """Return the number in a final answer, or None if it has none or several.

    The first sentence with a number decides: the number after its last equals sign, else a number at its beginning,
    else its last number. Parts of a calculation, a range or a list do not count: "12 - 7 = 5" is 5, but "5-3",
    "7 or 8" and "no answer" give None. A number word up to twenty counts at the beginning of the text. Remarks in
    brackets are ignored.
    """
    text = _REMARK.sub(" ", _simplify(clean(text)))
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if found := list(_values(sentence)):
            return _decisive(sentence, found)
    word = None if re.search(r"\d", text) else _WORD_FIRST.match(text)
    return Fraction(WORDS.index(word[1].lower())) if word else None


def _decisive(text: str, found: list[tuple[Fraction, int]]) -> Fraction:
    for value, start in found:
        if start > text.rfind("=") >= 0:
            return value
    first, start = found[0]
    begins = not re.search(r"\w", re.sub(r"(?:minus|negative)\s", "", text[:start], flags=re.IGNORECASE))
    return first if begins else found[-1][0]


def last_number(text: str) -> Fraction | None:
    """Return the last number of a text outside calculations, ranges and lists, or None."""
    found = list(_values(_REMARK.sub(" ", _simplify(text))))
    return found[-1][0] if found else None


@functools.lru_cache(maxsize=4096)
def value_of(text: str) -> Fraction | None:
    """Return the value of a text that is a number and nothing else (except money and percent signs), or None."""
    bare = _simplify(text.strip())
    found = list(_values(bare))
    rest = re.sub(rf"{_TOKEN.pattern}|[-+$€£¥%\s]", "", bare)
    return found[0][0] if len(found) == 1 and not rest else None


def same_number(value: Fraction | None, expected: Fraction) -> bool:
    """Return True if the numbers are equal, or within a relative 1e-6 if the expected one is not an integer."""
    if value is None:
        return False
    return value == expected or (expected.denominator != 1 and abs(value - expected) <= abs(expected) / 1_000_000)


def _simplify(text: str) -> str:
    """Return the text with one kind of minus, no LaTeX markup and no spaces inside numbers."""
    text = _MINUS.sub("-", text).replace("**", "").replace("{,}", ",")
    text = re.sub(r"\\([$%])", r"\1", text)
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(r"\\(?:cdot|times)\b", "*", text)
    text = re.sub(r"\\(?:left|right|quad)\b|\\[()\[\]]|(?<=\d)(?:\\[,!;]|[\u00a0\u2009\u202f])(?=\d)", "", text)
    return re.sub(r"\\[,!; ]", " ", text)


def _values(text: str) -> Iterator[tuple[Fraction, int]]:
    """Yield each number outside calculations, ranges and lists, with the position of its first digit."""
    tokens = list(_TOKEN.finditer(text))
    in_list = [
        bool(_LIST.fullmatch(text, left.end(), right.start())) for left, right in zip(tokens, tokens[1:], strict=False)
    ]
    for index, token in enumerate(tokens):
        if any(in_list[max(index - 1, 0) : index + 1]) or _in_calculation(text, token):
            continue
        value = _value(token)
        if value is not None:
            yield (-value if _SIGN.search(_before(text, token)) else value), token.start()


def _in_calculation(text: str, token: re.Match) -> bool:
    return bool(_OPERATOR_BEFORE.search(_before(text, token)) or _OPERATOR_AFTER.match(text, token.end()))


def _before(text: str, token: re.Match) -> str:
    """Return the 40 characters before a number: enough context, and fast for a text with thousands of numbers."""
    return text[max(token.start() - 40, 0) : token.start()]


def _value(token: re.Match) -> Fraction | None:
    if len(token[0]) > _MAX_LENGTH:
        return None
    numerator = Fraction(token["value"].replace(",", ""))
    if not token["denominator"]:
        return numerator
    denominator = Fraction(token["denominator"].replace(",", ""))
    return numerator / denominator if denominator else None
