"""Read a judge's verdict: 1 or 0 between <ACCURACY> tags, in any usual way to write it."""

import re
import unicodedata

from textgrad.errors import BadReply
from textgrad.tagged import Block, find_blocks

_AT_EDGE = 2  # grade of a tag at the edge of a line
TAGS = ("<ACCURACY>", "</ACCURACY>")
_RIGHT = frozenset(("one", "true", "yes", "right", "correct", "accurate", "pass", "passed"))
_WRONG = frozenset(("zero", "false", "no", "wrong", "incorrect", "inaccurate", "fail", "failed"))
_LABELS = frozenset(("accuracy", "score", "verdict", "result", "answer", "prediction", "boxed", "the", "is"))
_POINTS = re.compile(r"(\d+) */ *(\d+)(?! */)")  # "1/1", "10/10"; "0/1" may repeat the question
_NEGATED = re.compile(r"(?:\bnot|\bnever|\bthan|\binstead of|n't|\bnicht|\bkein|\bpas|\bno)\W*\Z", re.IGNORECASE)
_TOKENS = re.compile(r"[+-]?\d+(?:[.,]\d+)?|[^\W\d]+|%|[^\w\s]")
_MARKS = frozenset(".,;:!=*_`'\"“”‘’()[]{}$\\#~-✓✔✅❌✗✘")  # say nothing beside a verdict


def read_verdict(reply: str) -> str:
    """Return the last verdict of a judge's reply, "1" or "0".

    Raises:
        BadReply: the reply holds no verdict. The judge reads the message in the repeated request.
    """
    return _last_verdict(reply)[0]


def end_with_verdict(reply: str) -> str:
    """Return the reply with its last verdict in plain form and without the text after it.

    Raises:
        BadReply: the reply holds no verdict.
    """
    value, block = _last_verdict(reply)
    return f"{reply[: block.start]}{TAGS[0]} {value} {TAGS[1]}"


def _last_verdict(reply: str) -> tuple[str, Block]:
    blocks = find_blocks(reply, TAGS, short=True)
    values = [_value(block.text) for block in blocks]
    if not blocks or values[-1] is None:
        raise BadReply("it held no verdict")
    # Inside sentences, "1 if it is right or 0 if it is wrong" repeats the question, and "not 1" is no verdict.
    if max(blocks[-1].grades) < _AT_EDGE and len(set(values)) > 1 or _NEGATED.search(reply[: blocks[-1].start]):
        raise BadReply("it held no clear verdict")
    return values[-1], blocks[-1]


def _value(text: str) -> str | None:
    """Return "1" or "0" if the whole text says that and nothing else, such as "1.0", "**True**" or "100 %"."""
    text = _POINTS.sub(_points, unicodedata.normalize("NFKC", text).casefold())
    tokens = _TOKENS.findall(text)
    percent = "%" in tokens
    values = {_value_of(token, percent) for token in tokens if token not in _MARKS and token not in _LABELS | {"%"}}
    return values.pop() if len(values) == 1 else None


def _points(found: re.Match[str]) -> str:
    """Return "1" for all of the points, "0" for none of several, and other fractions unchanged."""
    got, most = int(found[1]), int(found[2])
    return "1" if got == most > 0 else "0" if got == 0 and most > 1 else found[0]


def _value_of(token: str, percent: bool) -> str | None:
    if token in _RIGHT or token in _WRONG:
        return "1" if token in _RIGHT else "0"
    if not token.strip("+-").replace(",", ".").replace(".", "", 1).isdecimal():
        return None
    number = float(token.replace(",", "."))
    return "1" if number == (100 if percent else 1) else "0" if number == 0 else None
