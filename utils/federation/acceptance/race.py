"""Keep a rewrite as `holdout` does, with fewer questions: stop asking when a sequential test knows the answer.

The test is about the further questions, because they are drawn at random and the rewrite has not seen them. See
`utils.metrics.race` for its source and its error.
"""

from collections.abc import Sequence
from math import fsum

from utils.federation.acceptance import MoreQuestions
from utils.metrics.race import is_ahead


def accept(before: Sequence[float], after: Sequence[float], more: MoreQuestions) -> bool:
    """Return True if the answers score more in total under the rewrite, and not less on either set of questions.

    Args:
        before: score per question of the minibatch, in [0, 1], under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: answers further questions, as many at a time as the minibatch has.
    """
    if fsum(after) < fsum(before):
        return False
    further: list[tuple[float, float]] = []
    total = more.left
    while more.left:
        further += more(len(before))
        if is_ahead([new - old for old, new in further], total):
            return True
        if is_ahead([old - new for old, new in further], total):
            return False
    # Without a decision, the further questions are a tie.
    return fsum([*after, *(new for _, new in further)]) > fsum([*before, *(old for old, _ in further)])
