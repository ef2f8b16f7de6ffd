"""Keep a rewrite unless accuracy on the minibatch fell (paper, Algorithm 1)."""

from collections.abc import Sequence
from math import fsum

from utils.federation.acceptance import MoreQuestions


def accept(before: Sequence[float], after: Sequence[float], more: MoreQuestions) -> bool:
    """Return True if the answers score at least as much in total under the rewrite.

    Args:
        before: score per question of the minibatch, in [0, 1], under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: not used.
    """
    return fsum(after) >= fsum(before)
