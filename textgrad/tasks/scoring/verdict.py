"""Read a judge's verdict: 1 or 0 between <ACCURACY> tags, in any usual way to write it."""

import re
import unicodedata

from textgrad.errors import BadReply
from textgrad.tagged import Block, find_blocks

TAGS = ("<ACCURACY>", "</ACCURACY>")
_RIGHT = frozenset(("one", "true", "yes", "right", "correct", "accurate", "pass", "passed"))
_WRONG = frozenset(("zero", "false", "no", "wrong", "incorrect", "inaccurate", "fail", "failed"))
_LABELS = frozenset(("accuracy", "score", "verdict", "result", "answer", "prediction", "boxed", "the", "is"))
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
    # Inside sentences, "1 if it is right or 0 if it is wrong" repeats the question.
    is_open = bool(blocks) and max(blocks[-1].grades) < 2 and len(set(values)) > 1
    if not blocks or values[-1] is None or is_open:
        raise BadReply("it held no verdict")
    return values[-1], blocks[-1]


def _value(text: str) -> str | None:
    """Return "1" or "0" if the whole text says that and nothing else, such as "1.0", "**True**" or "100 %"."""
    tokens = _TOKENS.findall(unicodedata.normalize("NFKC", text).casefold())
    percent = "%" in tokens
    values = {_value_of(token, percent) for token in tokens if token not in _MARKS and token not in _LABELS | {"%"}}
    return values.pop() if len(values) == 1 else None


def _value_of(token: str, percent: bool) -> str | None:
    if token in _RIGHT or token in _WRONG:
        return "1" if token in _RIGHT else "0"
    if not token.strip("+-").replace(",", ".").replace(".", "", 1).isdecimal():
        return None
    number = float(token.replace(",", "."))
    return "1" if number == (100 if percent else 1) else "0" if number == 0 else None
