"""Sequential test of a race: is one prompt better on all questions, judged by the answers to some of them?

The questions are answered in random order, without replacement. Let x_1, x_2, ... be the differences of two prompts'
scores, each at most c in size. If all N differences sum to 0, those from x_i on have the mean
m_i = -(x_1 + ... + x_(i-1)) / (N - i + 1). A bet of a share b of the wealth on x_i > m_i multiplies the wealth by
1 + b (x_i - m_i) / (c + m_i). This is never negative, and its mean is 1, or at most 1 if the sum is below 0. By Ville's
inequality, wealth that starts at 1 ever reaches 1 / e with probability at most e, however often the test looks. The
test uses the mean wealth over several shares b.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", J. R. Stat. Soc. B 86 (2024)
1-27, on sampling without replacement and on mixtures of bets.
"""

import math
from collections.abc import Sequence

ERROR = 0.05
"""Largest probability that a race drops the prompt that is best on all questions."""
_FIRST, _GROWTH = 16, 1.5  # questions before the first look, and their growth from look to look
_SHARES = tuple((number + 0.5) / 10 for number in range(10))
_SLACK = 1e-9  # rounding error of a sum


def looks(total: int) -> list[int]:
    """Return after how many questions a race is judged, rising to the last question; [] without questions.

    Args:
        total: number of questions, >= 0.
    """
    sizes, size = [], _FIRST
    while size < total:
        sizes.append(size)
        size = math.ceil(size * _GROWTH)
    return [*sizes, total] if total else []


def is_ahead(differences: Sequence[float], total: int, largest: float = 1.0, error: float = ERROR) -> bool:
    """Return True if the sum of all differences is above 0, by the test or because the others cannot change it.

    Args:
        differences: those known so far, in random order.
        total: number of all differences, >= the number of known ones.
        largest: bound of the size of each difference, above 0.
        error: probability, in (0, 1), that the test ever says so although the sum is 0 or below.
    """
    wealth, seen = [1.0] * len(_SHARES), 0.0
    for number, difference in enumerate(differences):
        mean = -seen / (total - number)
        room = largest + mean
        if room > _SLACK:  # else the sum is known to be at least 0
            gain = (difference - mean) / room
            wealth = [each * (1 + share * gain) for each, share in zip(wealth, _SHARES, strict=True)]
        seen += difference
    certain = seen > largest * (total - len(differences)) + _SLACK
    return certain or sum(wealth) / len(wealth) >= 1 / error
