"""The two types of scorers: pure functions that score a reply against the right answer."""

from collections.abc import Callable

Scorer = Callable[[str, str], int]  # (prediction, answer) -> 1 or 0
QuestionScorer = Callable[[str | None, str, str], float]  # (question, prediction, answer) -> number in [0, 1]


def ignore_question(scorer: Scorer) -> QuestionScorer:
    """Return the scorer with the question as an unused first argument."""
    return lambda question, prediction, answer: scorer(prediction, answer)
