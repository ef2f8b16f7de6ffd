"""Keep a rewrite that helps on the minibatch and on --accept_size further questions together, and hurts on neither."""

from collections.abc import Sequence
from math import fsum

from utils.federation.acceptance import MoreQuestions


def accept(before: Sequence[float], after: Sequence[float], more: MoreQuestions) -> bool:
    """Return True if the answers score more in total under the rewrite, and not less on either set of questions.

    Args:
        before: score per question of the minibatch, in [0, 1], under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: answers the further questions, unless the minibatch already decides.
    """
    if fsum(after) < fsum(before):
        return False
    further = more()
    old, new = [pair[0] for pair in further], [pair[1] for pair in further]
    return fsum(new) >= fsum(old) and fsum([*after, *new]) > fsum([*before, *old])
