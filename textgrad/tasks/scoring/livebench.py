"""Scorers for the kinds of LiveBench questions: `(prediction, answer) -> 1 or 0`.

Where LiveBench itself gives a part of a point for a partly right answer, an answer counts here only if all is right.
"""

import re

from textgrad.tasks.scoring.answers import Scorer, choice, normal, number
from textgrad.tasks.scoring.extract import bold_spans, boxed, clean, explicit_answer
from textgrad.tasks.scoring.latex import equivalent
from textgrad.tasks.scoring.numerals import WORDS, number_in

_SIDES = re.compile(r"\b(?:yes|no|unknown)\b(?:[\s,;*]+(?:and\s+)?(?:yes|no|unknown)\b)+")
_SIDE = re.compile(r"\b(?:yes|no|unknown)\b")
_REPEATED = re.compile(r"\b([A-Za-z])\1{2,}\b")


def web_of_lies_v2(prediction: str, answer: str) -> int:
    """All of a list such as "yes, no, yes"; the last such list of the reply counts."""
    explicit = explicit_answer(prediction)
    text = ("" if getattr(prediction, "flaw", None) else prediction) if explicit is None else explicit
    lists = [_SIDE.findall(listed) for listed in _SIDES.findall(text.lower())]
    return int(bool(lists) and lists[-1] == _SIDE.findall(answer.lower()))


def zebra_puzzle(prediction: str, answer: str) -> int:
    """The same word, number or list: as stated, else the last bold text, else the last word."""
    return int(_items(_told(prediction) or "") == _items(answer))


def spatial(prediction: str, answer: str) -> int:
    """The same number, in digits or as a word, or the same label: as stated, else the last bold text, else the end."""
    told, wanted = _told(prediction) or "", number_in(answer)
    if wanted is not None:
        return int(number_in(told) == wanted)
    return int(re.sub(r"^(?:an?|the) ", "", normal(told)) == re.sub(r"^(?:an?|the) ", "", normal(answer)))


def amps_hard(prediction: str, answer: str) -> int:
    """An equivalent formula: what is boxed, else what is stated."""
    formula = boxed(prediction) or _told(prediction)
    return int(formula is not None and equivalent(formula, clean(answer)))


def math_comp(prediction: str, answer: str) -> int:
    """An option, which may be written several times as in "BBBBB", or a whole number, which may begin with zeros."""
    if number_in(answer) is not None:
        return number(prediction, answer)
    told = _told(prediction)
    repeated = _REPEATED.findall(prediction if told is None else told)
    return int(repeated[-1].upper() == clean(answer).upper()) if repeated else choice(prediction, answer)


def olympiad(prediction: str, answer: str) -> int:
    """All numbers of a list, in order. LiveBench itself gives part of a point by edit distance; here all must agree."""
    told = _told(prediction)
    return int(told is not None and re.findall(r"\d+", told) == re.findall(r"\d+", answer))


def _told(prediction: str) -> str | None:
    """The stated answer, else the last bold text, else the last word; of a reply cut short, the stated one only."""
    explicit = explicit_answer(prediction)
    if explicit is not None or getattr(prediction, "flaw", None) or not prediction.strip():
        return explicit
    bold = bold_spans(prediction)
    return bold[-1] if bold else clean(prediction.split()[-1])


def _items(text: str) -> list[str]:
    """The parts of a list in one case, numbers up to twenty as digits."""
    parts = [normal(part) for part in text.split(",")]
    return [str(WORDS.index(part)) if part in WORDS else part for part in parts if part]


SCORERS: dict[str, Scorer] = {
    "web_of_lies_v2": web_of_lies_v2,
    "zebra_puzzle": zebra_puzzle,
    "spatial": spatial,
    "AMPS_Hard": amps_hard,
    "math_comp": math_comp,
    "olympiad": olympiad,
}
