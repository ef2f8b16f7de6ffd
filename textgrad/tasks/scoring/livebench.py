"""Scorers for the kinds of LiveBench questions: `(prediction, answer) -> 1 or 0`.

LiveBench itself gives partial credit for a partly right answer; here only a fully right answer counts.
"""

import re

from textgrad.tasks.scoring.answers import choice, normalize, number
from textgrad.tasks.scoring.extract import bold_spans, boxed, clean, explicit_answer, is_incomplete
from textgrad.tasks.scoring.latex import equivalent
from textgrad.tasks.scoring.number_words import WORDS
from textgrad.tasks.scoring.numerals import number_in
from textgrad.tasks.scoring.scorer import Scorer

_SIDES = re.compile(r"\b(?:yes|no|unknown)\b(?:[\s,;*]+(?:and\s+)?(?:yes|no|unknown)\b)+")
_SIDE = re.compile(r"\b(?:yes|no|unknown)\b")
_REPEATED = re.compile(r"\b([A-Za-z])\1{2,}\b")


def web_of_lies_v2(prediction: str, answer: str) -> int:
    """Compare all items of a list such as "yes, no, yes"; the reply's last list counts."""
    explicit = explicit_answer(prediction)
    if explicit is None:
        text = "" if is_incomplete(prediction) else prediction
    else:
        text = explicit
    lists = [_SIDE.findall(sides) for sides in _SIDES.findall(text.lower())]
    return int(bool(lists) and lists[-1] == _SIDE.findall(answer.lower()))


def zebra_puzzle(prediction: str, answer: str) -> int:
    """Compare a word, number or list: the explicit answer, else the last bold text, else the last word."""
    return int(_items(_final_text(prediction) or "") == _items(answer))


def spatial(prediction: str, answer: str) -> int:
    """Compare a number (digits or a word) or a label: the explicit answer, else the last bold text or word."""
    given, wanted = _final_text(prediction) or "", number_in(answer)
    if wanted is not None:
        return int(number_in(given) == wanted)
    return int(_without_article(given) == _without_article(answer))


def amps_hard(prediction: str, answer: str) -> int:
    """Compare formulas by value: the boxed one, else the explicit answer."""
    formula = boxed(prediction) or _final_text(prediction)
    return int(formula is not None and equivalent(formula, clean(answer)))


def math_comp(prediction: str, answer: str) -> int:
    """Compare an option, possibly repeated as in "BBBBB", or an integer, possibly with leading zeros."""
    if number_in(answer) is not None:
        return number(prediction, answer)
    given = _final_text(prediction)
    repeated = _REPEATED.findall(prediction if given is None else given)
    return int(repeated[-1].upper() == clean(answer).upper()) if repeated else choice(prediction, answer)


def olympiad(prediction: str, answer: str) -> int:
    """Compare a list of numbers in order; LiveBench itself gives partial credit by edit distance."""
    given = _final_text(prediction)
    return int(given is not None and re.findall(r"\d+", given) == re.findall(r"\d+", answer))


def _final_text(prediction: str) -> str | None:
    """Return the explicit answer, else the last bold text, else the last word; the explicit one only if incomplete."""
    explicit = explicit_answer(prediction)
    if explicit is not None or is_incomplete(prediction) or not prediction.strip():
        return explicit
    bold = bold_spans(prediction)
    return bold[-1] if bold else clean(prediction.split()[-1])


def _without_article(text: str) -> str:
    return re.sub(r"^(?:an?|the) ", "", normalize(text))


def _items(text: str) -> list[str]:
    """Return the normalized items of a list, number words up to twenty as digits."""
    parts = [normalize(part) for part in text.split(",")]
    return [str(WORDS.index(part)) if part in WORDS else part for part in parts if part]


SCORERS: dict[str, Scorer] = {
    "web_of_lies_v2": web_of_lies_v2,
    "zebra_puzzle": zebra_puzzle,
    "spatial": spatial,
    "AMPS_Hard": amps_hard,
    "math_comp": math_comp,
    "olympiad": olympiad,
}
