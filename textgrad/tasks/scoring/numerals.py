"""Read the number that a text gives as its answer, past units, calculations, ranges and lists."""

import functools
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from textgrad.tasks.scoring.extract import clean
from textgrad.tasks.scoring.number_cursor import BOUNDS, EQUALS
from textgrad.tasks.scoring.number_grammar import Parser
from textgrad.tasks.scoring.number_tokens import Token, names, prepare, tokens_of
from textgrad.tasks.scoring.number_values import Either, Value
from textgrad.tasks.scoring.number_words import last_in_words, value_in_words

_MAX_DECIMALS = 12  # of an expected number whose last decimal place must be right
_REMARK = re.compile(r"(?<![\w)}\]])\((?=[^()]*(?<![\\A-Za-z])(?!sqrt|pi\b)[A-Za-z]{2})[^()]*\)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"(?<!\\)[A-Za-z]{2}")
_FILLERS = names("about approximately approx around roughly exactly only just nearly almost minus negative or")
_REASONS = names("since because as for : — ;")  # after them an answer is explained
_SEPARATORS = frozenset((",", ";", "&", "or", "and", "to", "through"))
_MEASURES = names(
    "years year months month weeks week days day hours hour hrs hr h minutes minute mins min seconds second secs sec s"
    " feet foot ft inches inch in yards yard pounds pound lbs lb ounces ounce oz stone dollars dollar cents cent dimes"
    " dime quarters nickels pennies kg g km m cm mm degrees °"
)


class _Item(NamedTuple):
    """A part of a text that is, or may be, a number: the tokens from `start` to `end`."""

    value: Value
    start: int
    end: int
    is_skipped: bool  # not an answer: a calculation, a list, a bound, a name such as GPT-4

    @property
    def number(self) -> Fraction | None:
        return None if self.is_skipped else self.value.number


@functools.lru_cache(maxsize=4096)  # right answers are compared with many replies
def number_in(text: str) -> Fraction | None:
    """Return the number in a final answer, or None if it has none, several, or one that is only partly understood.

    The first sentence with a number decides: the number after its last equals sign, else a number at its beginning,
    else its last number. Parts of a calculation, a range or a list do not count: "12 - 7 = 5" is 5, but "5-3",
    "7 or 8" and "no answer" give None. Number words count if there are no digits. Remarks in brackets are ignored.
    """
    text = _REMARK.sub(" ", prepare(clean(text)))
    has_numbers = False
    for sentence in _SENTENCE_END.split(text):
        tokens = _sentence_tokens(sentence)
        if items := _items(tokens):
            has_numbers = True
            if any(not item.is_skipped for item in items):
                return _decisive(tokens, items)
    return None if has_numbers else value_in_words(text)


def last_number(text: str) -> Fraction | None:
    """Return the last number of a text outside calculations, ranges and lists, or None."""
    text = _REMARK.sub(" ", prepare(text))
    items = [item for sentence in _SENTENCE_END.split(text) for item in _items(_sentence_tokens(sentence))]
    if not items:
        return last_in_words(text)
    return next((item.number for item in reversed(items) if item.number is not None), None)


@functools.lru_cache(maxsize=4096)
def value_of(text: str) -> Fraction | None:
    """Return the value of a text that is a number and nothing else (except money and percent signs), or None."""
    tokens = tokens_of(prepare(text.strip()))
    parser = Parser(tokens)
    value = parser.read()
    if value is None:
        return value_in_words(text, whole=True)
    is_whole = parser.position == len(tokens) and not value.unit
    return value.number if is_whole and value.is_answer else None


def same_number(value: Fraction | None, expected: Fraction) -> bool:
    """Return True if two numbers are equal.

    An expected number that is not an integer may be met within a relative 1e-6, but within half of its last decimal
    place. A percentage is also equal to its hundredth, a dozen to 12.
    """
    if value is None:
        return False
    values, wanted = (
        [number, number.other] if isinstance(number, Either) else [number] for number in (value, expected)
    )
    return any(_is_close(Fraction(one), Fraction(other)) for one in values for other in wanted)


def _is_close(value: Fraction, expected: Fraction) -> bool:
    if value == expected or expected.denominator == 1:
        return value == expected
    places = (10**place for place in range(1, _MAX_DECIMALS + 1))
    last_place = next((place for place in places if place % expected.denominator == 0), 1)
    return abs(value - expected) <= min(abs(expected) / 1_000_000, Fraction(1, 2 * last_place))


def _sentence_tokens(sentence: str) -> list[Token]:
    """Return the tokens of a sentence; after words, "!" at its end is no factorial."""
    bare = sentence.rstrip(" !\n")
    is_exclaimed = len(bare) < len(sentence) and _WORD.search(bare)
    return tokens_of(bare if is_exclaimed else sentence)


def _items(tokens: list[Token]) -> list[_Item]:
    """Return all numbers, and parts of formulas that are not understood, in order."""
    parser, found = Parser(tokens), []
    while parser.position < len(tokens):
        start = parser.position
        value = parser.read()
        if value is None:
            parser.position += 1
        else:
            found.append(_Item(value, start, parser.position, _is_no_answer(tokens, start, parser.position, value)))
    in_list = [_are_listed(tokens, left, right) for left, right in zip(found, found[1:], strict=False)]
    return [
        item._replace(is_skipped=item.is_skipped or any(in_list[max(index - 1, 0) : index + 1]))
        for index, item in enumerate(found)
    ]


def _is_no_answer(tokens: Sequence[Token], start: int, end: int, value: Value) -> bool:
    before = tokens[start - 1].text.lower() if start else ""
    after = tokens[end].text if end < len(tokens) else ""
    is_bound = before in (*BOUNDS, "than", "not") or before.endswith("n't") or after in BOUNDS
    is_name = tokens[start].kind == "word" and value.number is None and len(tokens[start].text) > 1
    return is_bound or is_name or value.form == "calculation"


def _are_listed(tokens: Sequence[Token], left: _Item, right: _Item) -> bool:
    """Return True for neighbours in a list or a compound: "3, 4", "7 or 8", "x = 1, y = 2", "5 feet 3 inches"."""
    between = [token.text for token in tokens[left.end : right.start]]
    if between[-1:] == ["="] and len(between) > 2 and len(between[-2]) == 1:
        between = between[:-2]
    if not all(text in _SEPARATORS or text == "\n" for text in between) or len(between) > 3:
        return False
    if tokens[right.start].text == "(":  # a remark, such as 7 (3 + 4)
        return right.value.form != "calculation"
    if "\n" in between or "," in between or ";" in between:
        return not left.value.unit or {left.value.unit, right.value.unit} <= _MEASURES
    return True


def _decisive(tokens: Sequence[Token], items: list[_Item]) -> Fraction | None:
    words = [token.text.lower() for token in tokens[: items[0].start] if token.kind == "word"]
    usable = [item for item in items if not item.is_skipped]
    begins = items[0] is usable[0] and all(word in _FILLERS for word in words)
    after = [token.text.lower() for token in tokens[items[0].end : items[0].end + 2]]
    if begins and after and (after[0] in _REASONS or (after[0] == "," and after[-1] in _REASONS)):
        return items[0].number
    equals = max((index for index, token in enumerate(tokens) if token.text in EQUALS), default=-1)
    result = next((item for item in items if item.start > equals >= 0), None)
    if result and result.value.form != "calculation":
        return result.number
    return (usable[0] if begins else usable[-1]).number
