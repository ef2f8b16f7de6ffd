"""Scorers for texts, numbers, options and lists: pure functions `(prediction, answer) -> 1 or 0`.

All read a reply in one order: its explicit answer, else bold text of its last paragraph, else its last value of the
expected kind. An incomplete reply counts only with an explicit answer, an empty one never.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from textgrad.tasks.scoring.extract import bold_answer, clean, explicit_answer, explicit_block, is_incomplete
from textgrad.tasks.scoring.numerals import last_number, number_in, same_number
from textgrad.tasks.scoring.scorer import Scorer

Value = TypeVar("Value")

_POSITIVE = {"yes", "true", "valid", "plausible"}
_POLAR = re.compile(
    r"(?:\b(?P<negated>not|isn't|isn’t)\s+(?:\w+ly\s+)?)?"
    r"\b(?P<word>yes|no|true|false|valid|invalid|plausible|implausible)\b(?!\s+(?:answer|one)\b)",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\s*(?:/|&|or|and)\s*", re.IGNORECASE)
_OPTION = re.compile(r"(?<!\w)\(([A-Za-z])\)")
_NAMED_OPTION = re.compile(r"\b(?:option|choice|letter)\s+\(?([A-Za-z])\b", re.IGNORECASE)
_TWO_OPTIONS = re.compile(r"\W*\(?[A-Z]\)?\s*(?:\bor\b|\band\b|,|/|&)\s*\(?[A-Z]\b\)?(?!\w)")
_BRACKETS = re.compile(r"[^()\[\]{}<>]")
_BOX = re.compile(r"\\f?boxed\{(.*)\}")
_FOLD = str.maketrans("“”‘’−–—\u00a0", "\"\"''--- ")


def read_answer(
    prediction: str, parse: Callable[[str], Value | None], search: Callable[[str], Value | None]
) -> Value | None:
    """Return the value that a reply gives as its answer, or None.

    Args:
        prediction: the reply; an incomplete one is read for an explicit answer only.
        parse: returns the value of an explicit answer, which decides even if it is None.
        search: returns the last value in a reply without an explicit answer.
    """
    explicit = explicit_answer(prediction)
    if explicit is not None:
        return parse(explicit)
    if _is_unusable(prediction):
        return None
    bold = bold_answer(prediction)
    value = parse(bold) if bold else None
    return search(prediction) if value is None else value


def number(prediction: str, answer: str) -> int:
    """Compare as signed numbers; understands "-5", "1,234", "7.0", "$7", "7 apples", "1/2" and "\\boxed{7}"."""
    expected = number_in(answer)
    if expected is None:
        return exact(prediction, answer)
    return int(same_number(read_answer(prediction, number_in, last_number), expected))


def exact(prediction: str, answer: str) -> int:
    """Compare as texts, ignoring case, spaces, quotes and markup.

    Without an explicit answer, bold text, the last line or the full reply may match.
    """
    expected = normalize(answer)
    explicit = explicit_answer(prediction)
    if explicit is not None:
        return int(normalize(explicit) == expected)
    if _is_unusable(prediction):
        return 0
    return int(
        expected in (normalize(bold_answer(prediction) or ""), normalize(_last_line(prediction)), normalize(prediction))
    )


def choice(prediction: str, answer: str) -> int:
    """Compare options: "(B)", "B", "b)", "option B" and "(B) because (A) is wrong" mean B, "(A) or (B)" none."""
    expected = option_in(answer)
    return (
        exact(prediction, answer)
        if expected is None
        else int(read_answer(prediction, option_in, _last_option) == expected)
    )


def boolean(prediction: str, answer: str) -> int:
    """Compare the sides of yes/no, true/false, valid/invalid, plausible/implausible; "not valid" means invalid."""
    expected = polarity_in(answer)
    return (
        exact(prediction, answer)
        if expected is None
        else int(read_answer(prediction, polarity_in, _last_side) is expected)
    )


def words(prediction: str, answer: str) -> int:
    """Compare words in order, with any separators: spaces, commas, lines, numbering, a Python list."""
    expected = _words(answer)
    block = explicit_block(prediction)
    if block is not None:
        parts = [explicit_answer(prediction), block.strip().split("\n\n")[0]]
    elif _is_unusable(prediction):
        return 0
    else:
        parts = [bold_answer(prediction), _last_line(prediction)]
    found = [_words(part or "") for part in parts]
    without_and = [[word for word in listed if word != "and" or "and" in expected] for listed in found]
    return int(bool(expected) and expected in without_and)


def brackets(prediction: str, answer: str) -> int:
    """Compare brackets in order, ignoring all other characters of the answer."""
    expected, box = _BRACKETS.sub("", answer), _BOX.findall(prediction)
    found: str | None
    if box:  # its braces may be unbalanced
        found = _BRACKETS.sub("", clean(box[-1]))
    else:
        found = read_answer(prediction, lambda text: _BRACKETS.sub("", text), _last_brackets)
    return int(bool(expected) and found == expected)


def option_in(text: str) -> str | None:
    """Return the capital letter of the option that an explicit answer picks, or None if it picks none or several."""
    text = clean(text)
    found = list(_OPTION.finditer(text))
    if _TWO_OPTIONS.match(text) or _undecided(text, found, lambda option: option[1].upper()):
        return None
    for pattern in (r"\(?([A-Za-z])\)?[.):]?$", r"([A-Z])(?=[).:,;]|\s*[-–—]|\s+(?:because|is|as|since)\b)"):
        if start := re.match(pattern, text):
            return start[1].upper()
    chosen = found[0] if found else _NAMED_OPTION.search(text) or re.search(r"\b([A-Z])\W*$", text)
    return chosen[1].upper() if chosen else None


def polarity_in(text: str) -> bool | None:
    """Return True for yes, true, valid or plausible, False for their opposites, None for neither or both."""
    text = clean(text).rpartition("=")[2].strip()
    found = list(_POLAR.finditer(text))
    if not found or _undecided(text, found, _side):
        return None
    return _side(found[0] if found[0].start() == 0 else found[-1])


def normalize(text: str) -> str:
    """Return a short text for comparison: without markup, in one case, with plain quotes, dashes and single spaces."""
    return " ".join(clean(text).translate(_FOLD).casefold().split()).rstrip(".")


def _is_unusable(prediction: str) -> bool:
    return is_incomplete(prediction) or not prediction.strip()


def _side(match: re.Match) -> bool:
    return (match["word"].lower() in _POSITIVE) != bool(match["negated"])


def _undecided(text: str, found: list[re.Match], value: Callable[[re.Match], object]) -> bool:
    """Return True for two different adjacent values, as in "(A) or (B)"."""
    return any(
        _EITHER.fullmatch(text, left.end(), right.start()) and value(left) != value(right)
        for left, right in zip(found, found[1:], strict=False)
    )


def _last_side(reply: str) -> bool | None:
    line = _last_line(reply)
    if _POLAR.match(line):  # such as "Yes, there is no doubt"
        return polarity_in(line)
    found = list(_POLAR.finditer(reply))
    return _side(found[-1]) if found else None


def _last_option(reply: str) -> str | None:
    line = _last_line(reply)
    if _OPTION.match(line):  # such as "(B), as (A) is wrong"
        return option_in(line)
    found = list(_OPTION.finditer(reply)) or list(_NAMED_OPTION.finditer(reply))
    if found:
        return None if _undecided(reply, found[-2:], lambda option: option[1].upper()) else found[-1][1].upper()
    bare = re.fullmatch(r"([A-Za-z])(?:[.):](?:\s.*)?)?", line)
    return bare[1].upper() if bare else None


def _last_line(reply: str) -> str:
    return clean(reply.strip().rpartition("\n")[2])


def _last_brackets(reply: str) -> str | None:
    lines = [re.sub(r"[\s*`$]", "", line) for line in reply.splitlines()]
    return next((line for line in reversed(lines) if line and not _BRACKETS.search(line)), None)


def _words(text: str) -> list[str]:
    listed = normalize(text).rpartition(":")[2]
    items = [item.strip("\"'[]().`*-•") for item in re.split(r"[\s,;]+|->|→", listed)]
    return [item for item in items if item and not item.isdigit()]


SCORERS: dict[str, Scorer] = {
    "number": number,
    "exact": exact,
    "choice": choice,
    "boolean": boolean,
    "words": words,
    "brackets": brackets,
}
