"""Numbers in English words: "two hundred and five", "minus three", "two and a half", "three quarters"."""

import re
from fractions import Fraction

from textgrad.tasks.scoring.number_tokens import names
from textgrad.tasks.scoring.number_values import either, negated

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
WORDS = [*f"{_UNITS} seventeen eighteen nineteen twenty".split()]
_SMALL = {word: value for value, word in enumerate(WORDS[:20])}
_TEN_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_PART_NAMES = "third fourth fifth sixth seventh eighth ninth tenth"
_TENS = {word: 10 * value for value, word in enumerate(_TEN_NAMES.split(), 2)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    **{"half": 2, "halves": 2, "quarter": 4, "quarters": 4},
    **{name + end: part for part, name in enumerate(_PART_NAMES.split(), 3) for end in ("", "s")},
}
_SIGNS = ("minus", "negative")
DOZEN = ("dozen", "dozens")


def read_words(words: list[str]) -> tuple[Fraction | None, int]:
    """Return the number that a list of lower-case words begins with, and how many words it takes.

    The number is None, with the length of the whole phrase, if the phrase is not a number: "two three". The length is
    0 if the list does not begin with a number.
    """
    if words[:1] and words[0] in _SIGNS:
        value, length = read_words(words[1:]) if words[1:2] and words[1] not in _SIGNS else (None, 0)
        return (None if value is None else negated(value)), length + 1 if length else 0
    if words[:1] == ["a"] and words[1:2] == ["dozen"]:
        return Fraction(12), 2
    value, length = _fraction(words) or _mixed(words)
    if value is not None and length and words[length : length + 1] and words[length] in DOZEN:
        return either(value, value * 12), length + 1
    if length and words[length : length + 1] and _starts(words[length]):  # such as "nineteen eighty-four"
        return None, length + max(1, read_words(words[length:])[1])
    return value, length


def _starts(word: str) -> bool:
    return word in _SMALL or word in _TENS or word in SCALES


def _fraction(words: list[str]) -> tuple[Fraction, int] | None:
    """Read "half", "a half", "two thirds", "half a million"."""
    if words[:1] == ["half"]:
        scale = SCALES.get(words[2], 0) if words[1:2] == ["a"] and len(words) > 2 else 0
        return (Fraction(scale, 2), 3) if scale else (Fraction(1, 2), 1)
    count, length = (1, 1) if words[:1] == ["a"] else _below_hundred(words)
    if length and len(words) > length and words[length] in _PARTS:
        return Fraction(count, _PARTS[words[length]]), length + 1
    return None


def _mixed(words: list[str]) -> tuple[Fraction | None, int]:
    """Read an integer, perhaps with "point five", "and a half" or "and a half million"."""
    value, length = _integer(words)
    if not length:
        return None, 0
    rest = words[length:]
    if rest[:1] == ["point"]:
        digits = 1
        while digits < len(rest) and _SMALL.get(rest[digits], 10) < 10:
            digits += 1
        if digits == 1:
            return Fraction(value), length
        number = Fraction(value) + Fraction(f"0.{''.join(str(_SMALL[word]) for word in rest[1:digits])}")
        return _scaled(number, words, length + digits)
    part = _fraction(rest[1:]) if rest[:1] == ["and"] else None
    return _scaled(value + part[0], words, length + 1 + part[1]) if part else (Fraction(value), length)


def _scaled(value: Fraction, words: list[str], length: int) -> tuple[Fraction, int]:
    scale = SCALES.get(words[length], 1) if length < len(words) else 1
    return value * scale, length + (scale != 1)


def _integer(words: list[str]) -> tuple[int, int]:
    """Read groups such as "two hundred", each of a smaller scale than the one before it."""
    total, length, limit = 0, 0, 10**15
    while True:
        joined = length > 0 and words[length : length + 1] == ["and"]
        group, used = _below_thousand(words[length + joined :])
        if not used:
            return total, length
        scale = SCALES.get(words[length + joined + used], 1) if length + joined + used < len(words) else 1
        if scale == 100 or scale >= limit or (length and (not total or limit <= group * scale)):
            return (total, length) if length else (group, used)
        total += group * scale
        length += joined + used + (scale > 1)
        limit = scale
        if scale == 1:
            return total, length


def _below_thousand(words: list[str]) -> tuple[int, int]:
    count, length = (1, 1) if words[:1] == ["a"] and words[1:2] and words[1] in SCALES else _below_hundred(words)
    if not length or words[length : length + 1] != ["hundred"]:
        return count, length
    joined = words[length + 1 : length + 2] == ["and"]
    rest, used = _below_hundred(words[length + 1 + joined :])
    if (
        used
        and rest
        and words[length + 1 + joined + used : length + 2 + joined + used] not in ([part] for part in _PARTS)
    ):
        return 100 * count + rest, length + 1 + joined + used
    return 100 * count, length + 1


def _below_hundred(words: list[str]) -> tuple[int, int]:
    if words[:1] and words[0] in _TENS:
        unit = _SMALL.get(words[1], 10) if len(words) > 1 else 10
        return _TENS[words[0]] + (unit if 0 < unit < 10 else 0), 1 + (0 < unit < 10)
    return (_SMALL[words[0]], 1) if words[:1] and words[0] in _SMALL else (0, 0)


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[^\w\s]")
_HYPHEN = re.compile(rf"(?<=[a-z])-(?=(?:{'|'.join([*_SMALL, *_PARTS])})\b)")
_MAX_WORDS = 30  # of a number
_JOINED = frozenset(("or", "and", "to", "-", ",", "/", "&", "plus", "minus", "times", "by", "over", "point"))
_BEFORE_ONE = names("is are was were equals just only exactly has have = :")


def value_in_words(text: str, whole: bool = False) -> Fraction | None:
    """Return the only number in words of a text, or the one at its beginning, or None.

    Args:
        text: without digits.
        whole: the text must be a number and nothing else.
    """
    words = _words(text)
    if whole:
        value, length = read_words(words[:_MAX_WORDS])
        return value if length == len(words) else None
    found = _phrases(words)
    if not found or (len(found) > 1 and (found[0][1] > 0 or found[1][1] == found[0][2])):
        return None
    return found[0][0]


def last_in_words(text: str) -> Fraction | None:
    """Return the number in words of the last sentence that has one, or None if that has several."""
    for sentence in reversed(re.split(r"[.!?]\s+|\n", text)):
        if found := _phrases(_words(sentence)):
            return found[0][0] if len(found) == 1 else None
    return None


def _words(text: str) -> list[str]:
    return _WORD.findall(_HYPHEN.sub(" ", text.lower().rstrip(" .!")))


def _phrases(words: list[str]) -> list[tuple[Fraction | None, int, int]]:
    """Return the numbers in a list of words: value (None if in a list or calculation), first and last position."""
    found: list[tuple[Fraction | None, int, int]] = []
    position = 0
    while position < len(words):
        value, length = read_words(words[position : position + _MAX_WORDS])
        if length and not _is_pronoun(words, position, length):
            end = position + length
            is_joined = {*words[position - 1 : position], *words[end : end + 1]} & _JOINED
            found.append((None if is_joined else value, position, end))
        position += max(length, 1)
    return found


def _is_pronoun(words: list[str], position: int, length: int) -> bool:
    """Return True for the "one" of "no one", "one of them" and "one answer"."""
    if length > 1 or words[position] != "one":
        return False
    after = words[position + 1 : position + 2]
    is_count = position == 0 or words[position - 1] in _BEFORE_ONE
    return not is_count or after in (["of"], ["answer"], ["can"], ["cannot"], ["another"], ["who"])
