"""Keep a rewrite only if accuracy on the minibatch rose, or if every answer is right: the paper's proximal update."""

from collections.abc import Sequence

from utils.federation.acceptance import MoreQuestions


def accept(before: Sequence[int], after: Sequence[int], more: MoreQuestions) -> bool:
    """Return True if more answers are right under the rewrite, or all of them.

    Args:
        before: 1 or 0 per question of the minibatch, under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: not used.
    """
    return sum(after) > sum(before) or all(after)
