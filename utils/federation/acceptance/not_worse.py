"""Keep a rewrite unless accuracy on the minibatch fell (paper, Algorithm 1)."""

from collections.abc import Sequence


def accept(before: Sequence[int], after: Sequence[int]) -> bool:
    """Return True if at least as many answers are right under the new prompt.

    Args:
        before: 1 or 0 per question, under the old prompt.
        after: the same questions in the same order, under the new prompt.
    """
    return sum(after) >= sum(before)
