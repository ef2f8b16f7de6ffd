"""The types of scorers: pure functions that score a reply against the right answer."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

Result = TypeVar("Result")
Scorer = Callable[[str, str], int]  # (prediction, answer) -> 1 or 0
QuestionScorer = Callable[[str | None, str, str], float]  # (question, prediction, answer) -> number in [0, 1]


class Grade(NamedTuple):
    """The score of a reply.

    Attributes:
        score: in [0, 1].
        feedback: what is wrong with the reply, for critics and optimizers, or "".
    """

    score: float
    feedback: str = ""


GradedScorer = Callable[[str | None, str, str], Grade]  # (question, prediction, answer) -> grade


def ignore_question(scorer: Callable[[str, str], Result]) -> Callable[[str | None, str, str], Result]:
    """Return the scorer with the question as an unused first argument."""
    return lambda question, prediction, answer: scorer(prediction, answer)
