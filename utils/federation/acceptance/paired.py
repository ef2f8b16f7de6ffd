"""Keep a rewrite that a paired test finds better; the test asks for further questions until it decides.

At most --accept_size questions are added, as many at a time as the minibatch has.
"""

from collections.abc import Sequence
from math import fsum

from utils.federation.acceptance import MoreQuestions
from utils.metrics.paired import flip_signs

_LEVEL = 0.15  # four more right answers and none fewer decide; a false decision only costs a step


def accept(before: Sequence[float], after: Sequence[float], more: MoreQuestions) -> bool:
    """Return True if a permutation test finds an improvement, or if the total score rose when questions end.

    Args:
        before: score per question of the minibatch, in [0, 1], under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: answers further questions.
    """
    changes = [new - old for old, new in zip(before, after, strict=True)]
    while True:
        if flip_signs(changes) <= _LEVEL:
            return fsum(changes) > 0
        further = more(len(before))
        if not further:
            return fsum(changes) > 0
        changes += [new - old for old, new in further]
