"""Keep a rewrite that helps on the minibatch and on --accept_size further questions together, and hurts on neither."""

from collections.abc import Sequence

from utils.federation.acceptance import MoreQuestions


def accept(before: Sequence[int], after: Sequence[int], more: MoreQuestions) -> bool:
    """Return True if more answers are right under the rewrite, and not fewer on either set of questions.

    Args:
        before: 1 or 0 per question of the minibatch, under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: answers the further questions, unless the minibatch already decides.
    """
    if sum(after) < sum(before):
        return False
    further = more()
    old, new = sum(pair[0] for pair in further), sum(pair[1] for pair in further)
    return new >= old and sum(after) + new > sum(before) + old
