"""Scorers: does a reply give the wanted answer? Pure functions `(prediction, answer) -> 1 or 0`.

All read a reply in one order: what it states as its answer, else bold text of its last paragraph, else the last thing
of the wanted kind. A reply that was cut short (`flaw` is set) counts only by what it states, an empty one never.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from textgrad.tasks.scoring.extract import bold_answer, clean, explicit_answer, explicit_block
from textgrad.tasks.scoring.numerals import last_number, number_in, same_number

Scorer = Callable[[str, str], int]
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


def read(prediction: str, parse: Callable[[str], Value | None], search: Callable[[str], Value | None]) -> Value | None:
    """The value a reply gives as its answer, or None.

    Args:
        prediction: the reply; a `Text` with a flaw is read for an explicit answer only.
        parse: the value of a stated answer. What the reply states decides, also where it has no value.
        search: the last such value of a whole reply that states no answer.
    """
    explicit = explicit_answer(prediction)
    if explicit is not None:
        return parse(explicit)
    if _unreadable(prediction):
        return None
    bold = bold_answer(prediction)
    value = parse(bold) if bold else None
    return search(prediction) if value is None else value


def number(prediction: str, answer: str) -> int:
    """Equal as signed numbers: "-5", "1,234", "7.0", "$7", "7 apples", "1/2" and "\\boxed{7}" are understood."""
    wanted = number_in(answer)
    if wanted is None:
        return exact(prediction, answer)
    return int(same_number(read(prediction, number_in, last_number), wanted))


def exact(prediction: str, answer: str) -> int:
    """Equal as texts, whatever the case, spaces, quotes and markup; bold text or the last line where none is stated."""
    wanted = normal(answer)
    explicit = explicit_answer(prediction)
    if explicit is not None:
        return int(normal(explicit) == wanted)
    if _unreadable(prediction):
        return 0
    return int(wanted in (normal(bold_answer(prediction) or ""), normal(_last_line(prediction)), normal(prediction)))


def choice(prediction: str, answer: str) -> int:
    """The same option: "(B)", "B", "b)", "option B" and "(B) because (A) is wrong" are B, "(A) or (B)" is none."""
    wanted = option_in(answer)
    return exact(prediction, answer) if wanted is None else int(read(prediction, option_in, _last_option) == wanted)


def boolean(prediction: str, answer: str) -> int:
    """The same side of yes/no, true/false, valid/invalid, plausible/implausible; "not valid" is the other side."""
    wanted = polarity_in(answer)
    return exact(prediction, answer) if wanted is None else int(read(prediction, polarity_in, _last_side) is wanted)


def words(prediction: str, answer: str) -> int:
    """The same words in the same order, whatever separates them: spaces, commas, lines, numbering, a Python list."""
    wanted = _words(answer)
    block = explicit_block(prediction)
    if block is not None:
        parts = [explicit_answer(prediction), block.strip().split("\n\n")[0]]
    elif _unreadable(prediction):
        return 0
    else:
        parts = [bold_answer(prediction), _last_line(prediction)]
    found = [_words(part or "") for part in parts]
    without_and = [[word for word in listed if word != "and" or "and" in wanted] for listed in found]
    return int(bool(wanted) and wanted in without_and)


def brackets(prediction: str, answer: str) -> int:
    """The same brackets in the same order; everything else in the stated answer is passed over."""
    wanted, box = _BRACKETS.sub("", answer), _BOX.findall(prediction)
    if box:  # braces in it need not balance
        found = _BRACKETS.sub("", clean(box[-1]))
    else:
        found = read(prediction, lambda text: _BRACKETS.sub("", text), _last_brackets)
    return int(bool(wanted) and found == wanted)


def option_in(text: str) -> str | None:
    """The capital letter of the option that a stated answer picks, or None where it picks none or several."""
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
    """True for a stated yes, true, valid or plausible, False for their opposites, None for neither or both."""
    text = clean(text).rpartition("=")[2].strip()
    found = list(_POLAR.finditer(text))
    if not found or _undecided(text, found, _side):
        return None
    return _side(found[0] if found[0].start() == 0 else found[-1])


def normal(text: str) -> str:
    """A short text as it is compared: without markup, in one case, with plain quotes, dashes and single spaces."""
    return " ".join(clean(text).translate(_FOLD).casefold().split()).rstrip(".")


def _unreadable(prediction: str) -> bool:
    return bool(getattr(prediction, "flaw", None)) or not prediction.strip()


def _side(match: re.Match) -> bool:
    return (match["word"].lower() in _POSITIVE) != bool(match["negated"])


def _undecided(text: str, found: list[re.Match], value: Callable[[re.Match], object]) -> bool:
    """True where two different values are offered side by side, as in "(A) or (B)"."""
    return any(
        _EITHER.fullmatch(text, left.end(), right.start()) and value(left) != value(right)
        for left, right in zip(found, found[1:], strict=False)
    )


def _last_side(reply: str) -> bool | None:
    if _POLAR.match(line := _last_line(reply)):  # "Yes, there is no doubt"
        return polarity_in(line)
    found = list(_POLAR.finditer(reply))
    return _side(found[-1]) if found else None


def _last_option(reply: str) -> str | None:
    if _OPTION.match(line := _last_line(reply)):  # "(B), as (A) is wrong"
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
    listed = normal(text).rpartition(":")[2]
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
