"""Keep a rewrite unless accuracy on the minibatch fell (paper, Algorithm 1)."""

from collections.abc import Sequence

from utils.federation.acceptance import MoreQuestions


def accept(before: Sequence[int], after: Sequence[int], more: MoreQuestions) -> bool:
    """Return True if at least as many answers are right under the rewrite.

    Args:
        before: 1 or 0 per question of the minibatch, under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: not used.
    """
    return sum(after) >= sum(before)
