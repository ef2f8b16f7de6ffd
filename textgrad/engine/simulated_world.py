"""Options, random draws and wrong answers of the simulated engine."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from textgrad.errors import unknown
from textgrad.numbers import Bounds, read_number

_OPPOSITES = {"yes": "no", "true": "false", "valid": "invalid"}
_OPPOSITES |= {opposite: word for word, opposite in _OPPOSITES.items()}


@dataclass(frozen=True)
class World:
    """Options of the simulated engine.

    Attributes:
        latency: seconds per reply.
        topics: number of topics of questions without a marker "[topic-3]".
        base: probability of a correct answer without the topic's lesson in the prompt.
        skill: probability of a correct answer with it.
        seed: determines which questions are hard.
        forget: probability that a merge of several prompts loses a lesson.
        context: maximum length of a request, in words.
        bad: probability of a useless reply: empty, truncated, or without an answer.
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
    def parse(cls, spec: str) -> "World":
        """Return the options in a text such as "latency=0.2,topics=4".

        Raises:
            UsageError: an option is unknown, or its value is not a number or out of range.
        """
        values: dict[str, Any] = {}
        for part in filter(None, map(str.strip, spec.split(","))):
            name, _, value = map(str.strip, part.partition("="))
            if name not in _BOUNDS:
                raise unknown("option of the simulated engine", name, _BOUNDS)
            values[name] = read_number(f"simulated engine: {name}", value, _BOUNDS[name])
        return cls(**values)


_BOUNDS = {
    "latency": Bounds(float, 0, 3600),
    "topics": Bounds(int, 1, 10**9),
    "base": Bounds(float, 0, 1),
    "skill": Bounds(float, 0, 1),
    "seed": Bounds(int, 0, 10**18),
    "forget": Bounds(float, 0, 1),
    "context": Bounds(int, 1, 10**9),
    "bad": Bounds(float, 0, 1),
}


def chance(*parts: Any) -> float:
    """Return a pseudo-random number in [0, 1) that depends only on the arguments."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48


def wrong_answer(answer: str, luck: float) -> str:
    """Return a different answer of the same kind: number, option, yes or no, list of words, word.

    Args:
        answer: the correct answer.
        luck: in [0, 1); selects the wrong number.
    """
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
