"""Power of a paired comparison: the gains in accuracy that n test questions can detect.

Graded scores vary less than right and wrong answers, so that n questions detect at least these gains.
"""

import functools
import math


def power_of(n: int, base: float, difference: float, alpha: float = 0.05, correlation: float = 0.0) -> float:
    """Return the power of the exact McNemar test for a true difference, summed over all outcomes.

    Args:
        n: number of test questions, >= 1.
        base: accuracy before, in [0, 1].
        difference: true gain in accuracy, in (0, 1 - base].
        alpha: significance level, in (0, 1).
        correlation: see `minimum_detectable_difference`.
    """
    import numpy
    from scipy.special import bdtr, bdtrc, gammaln, xlogy  # importing scipy.stats would take a second

    after = base + difference
    shared = correlation * math.sqrt(base * (1 - base) * after * (1 - after))
    lost = max(0.0, base * (1 - after) - shared)
    gained = lost + difference
    discordant = numpy.arange(n + 1)
    critical = numpy.array([_critical_value(count, alpha) for count in range(n + 1)])
    gain_share = gained / (gained + lost)
    possible = critical >= 0
    rejects = numpy.zeros(n + 1)
    rejects[possible] = bdtr(critical[possible], discordant[possible], gain_share) + bdtrc(
        discordant[possible] - critical[possible] - 1, discordant[possible], gain_share
    )
    probabilities = numpy.exp(
        gammaln(n + 1)
        - gammaln(discordant + 1)
        - gammaln(n - discordant + 1)
        + xlogy(discordant, gained + lost)
        + xlogy(n - discordant, 1 - gained - lost)
    )
    return float(numpy.sum(probabilities * rejects))


@functools.cache
def _critical_value(n: int, alpha: float) -> int:
    """Return the largest k with P(X <= k) < alpha / 2 for X heads of n fair coins, or -1."""
    import numpy
    from scipy.special import bdtr

    return int(numpy.searchsorted(bdtr(numpy.arange(n + 1), n, 0.5), alpha / 2)) - 1 if n else -1


def minimum_detectable_difference(
    n: int, base: float = 0.5, power: float = 0.8, alpha: float = 0.05, correlation: float = 0.0
) -> float | None:
    """Return the smallest true gain in accuracy that n test questions detect, to three decimals.

    Solved on the exact power of the exact McNemar test (see `power_of`). The model is that of Connor, Biometrics 43
    (1987) 207-211: each question is gained, lost or neither.

    Args:
        n: number of test questions, >= 1.
        base: accuracy before, in [0, 1].
        power: required probability of detection, in (0, 1).
        alpha: significance level, in (0, 1).
        correlation: between right answers before and after, in [0, 1]. 0, as for independent questions, is
            conservative: a paired comparison may detect smaller gains.

    Returns:
        The difference in (0, 1 - base]; None if n questions cannot detect even a gain to 1.0.
    """
    smallest, largest = 0.0, 1.0 - base
    if largest <= 0 or power_of(n, base, largest, alpha, correlation) < power:
        return None
    while largest - smallest > 1e-4:
        middle = (smallest + largest) / 2
        if power_of(n, base, middle, alpha, correlation) < power:
            smallest = middle
        else:
            largest = middle
    return round(largest, 3)
