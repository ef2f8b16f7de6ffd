"""Keep a rewrite only if accuracy rose, or if every answer is right: the paper's proximal update."""

from collections.abc import Sequence


def accept(before: Sequence[int], after: Sequence[int]) -> bool:
    """Return True if more answers are right under the new prompt, or all of them.

    Args:
        before: 1 or 0 per question, under the old prompt.
        after: the same questions in the same order, under the new prompt.
    """
    return sum(after) > sum(before) or all(after)
