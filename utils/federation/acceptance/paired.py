"""Keep a rewrite that a paired test finds better; the test asks for further questions until it decides.

At most --accept_size questions are added, as many at a time as the minibatch has.
"""

from collections.abc import Sequence

from utils.federation.acceptance import MoreQuestions
from utils.metrics.paired import mcnemar

_LEVEL = 0.15  # four more right answers and none fewer decide; a false decision only costs a step


def accept(before: Sequence[int], after: Sequence[int], more: MoreQuestions) -> bool:
    """Return True if an exact test finds an improvement, or if most changed answers improved when questions end.

    Args:
        before: 1 or 0 per question of the minibatch, under the old prompt.
        after: the same questions in the same order, under the rewrite.
        more: answers further questions.
    """
    pairs = list(zip(before, after, strict=True))
    while True:
        gained = sum(new > old for old, new in pairs)
        lost = sum(new < old for old, new in pairs)
        if mcnemar(gained, lost) <= _LEVEL:
            return gained > lost
        further = more(len(before))
        if not further:
            return gained > lost
        pairs += further
