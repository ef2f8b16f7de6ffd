"""What the simulated engine is like: its options, its luck, and the mistakes it makes."""

import hashlib
import re
from dataclasses import dataclass, fields
from typing import Any

from textgrad.errors import UsageError, unknown

_OPPOSITES = {"yes": "no", "true": "false", "valid": "invalid"}
_OPPOSITES |= {opposite: word for word, opposite in _OPPOSITES.items()}


@dataclass(frozen=True)
class World:
    """What the stand-in is like.

    Attributes:
        latency: seconds a reply takes.
        topics: over how many topics questions without a marker "[topic-3]" are spread.
        base: share of questions answered rightly without a lesson.
        skill: share of a topic's questions answered rightly with its lesson.
        seed: another seed finds other questions hard.
        forget: share of the lessons that one merge of several prompts loses.
        context: longest request, in words.
        bad: share of requests answered uselessly: with nothing, with half a reply, or beside the point.
    """

    latency: float = 0.0
    topics: int = 8
    base: float = 0.3
    skill: float = 0.95
    seed: int = 0
    forget: float = 0.15
    context: int = 100_000
    bad: float = 0.0

    @classmethod
    def of(cls, spec: str) -> "World":
        """The world that a text such as "latency=0.2,topics=4" describes.

        Raises:
            UsageError: an unknown option, or a value that is no number or out of range.
        """
        values: dict[str, float] = {}
        for part in filter(None, map(str.strip, spec.split(","))):
            name, _, value = map(str.strip, part.partition("="))
            if name not in _RANGES:
                raise unknown("option of the simulated engine", name, _RANGES)
            values[name] = _number(name, value)
        return cls(**values)


_RANGES = {
    "latency": (0, 3600),
    "topics": (1, 10**9),
    "base": (0, 1),
    "skill": (0, 1),
    "seed": (0, 10**18),
    "forget": (0, 1),
    "context": (1, 10**9),
    "bad": (0, 1),
}
_TYPES = {field.name: field.type for field in fields(World)}


def _number(name: str, text: str) -> float:
    lowest, highest = _RANGES[name]
    try:
        value = _TYPES[name](text)
    except ValueError:
        value = None
    if value is None or not lowest <= value <= highest:
        kind = "a whole number" if _TYPES[name] is int else "a number"
        raise UsageError(f"simulated engine: {name}={text} must be {kind} from {lowest} to {highest}")
    return value


def chance(*parts: Any) -> float:
    """A number in [0, 1), always the same for the same parts."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48


def wrong_answer(answer: str, luck: float) -> str:
    """Another answer of the same kind: a number, an option, yes or no, a list of words, a word."""
    try:
        return str(int(answer.replace(",", "")) + 1 + int(9 * luck))
    except ValueError:
        pass
    if re.fullmatch(r"\([A-Z]\)", answer):
        return "(B)" if answer == "(A)" else "(A)"
    if opposite := _OPPOSITES.get(answer.lower()):
        return opposite.capitalize() if answer[0].isupper() else opposite
    first, *rest = answer.split() or [""]
    return " ".join([*rest, first]) if rest and set(rest) != {first} else "another" if answer != "another" else "other"
