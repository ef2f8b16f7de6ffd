"""Accuracies and mean scores with 95 % intervals: of one prompt, over prompts, over tasks.

    print(accuracy([1, 1, 0]))  # 0.67 [0.21, 0.94], n = 3

Sources: Wilson, JASA 22 (1927) 209-212; Efron, Ann. Statist. 7 (1979) 1-26, for the bootstrap of graded scores; Zou and
Donner, Stat. Med. 27 (2008) 1693-1702, for the mean over tasks.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

_Z = 1.959963984540054  # 97.5 % quantile of the standard normal distribution
_RESAMPLES = 10_000
_CELLS = 10_000_000  # largest number of counts in memory
UNKNOWN_INTERVAL = (0.0, 1.0)


@dataclass(frozen=True)
class Estimate:
    """An accuracy with its uncertainty.

    Attributes:
        value: share of right answers, or mean of graded scores, in [0, 1]; None without questions.
        n: number of questions, >= 0.
        ci95: 95 % interval within [0, 1]; (0, 1) without questions.
        raced_of: number of all questions if a race stopped before the last one, else 0. The answers decided on n, so
            the interval then only describes the answered questions.
    """

    value: float | None
    n: int
    ci95: tuple[float, float]
    raced_of: int = 0

    def as_json(self) -> dict:
        """Return `{"value": float | None, "n": int, "ci95": [low, high]}`, rounded to four decimals.

        A raced estimate also has "raced_of".
        """
        record = {"value": rounded(self.value), "n": self.n, "ci95": [rounded(bound) for bound in self.ci95]}
        return record | ({"raced_of": self.raced_of} if self.raced_of else {})

    @classmethod
    def from_json(cls, record: Mapping) -> "Estimate":
        """Return the estimate of a record written by `as_json`."""
        low, high = record["ci95"]
        return cls(record["value"], record["n"], (low, high), record.get("raced_of", 0))

    def __str__(self) -> str:
        if self.value is None:
            return "no questions"
        return f"{self.value:.2f} {interval_text(self.ci95)}, {n_text(self.n, self.raced_of)}"


def accuracy(scores: Sequence[float]) -> Estimate:
    """Return the share of right answers with Wilson's interval, which is also valid at 0, at 1 and for small n.

    If a score lies between 0 and 1, return the mean score with its bootstrap interval. Equal scores have no spread to
    resample and keep Wilson's interval, which is wider than needed.

    Args:
        scores: 1 per right answer, 0 per wrong one, or graded scores in [0, 1].

    Raises:
        ValueError: a score is not in [0, 1].
    """
    if outside := [score for score in scores if not 0 <= score <= 1]:
        raise ValueError(f"a score must be between 0 and 1, not {outside[0]!r}")
    n, counts = len(scores), Counter(scores)
    mean = share_of(math.fsum(scores) / n if n else 0.0, n)
    if counts.keys() <= {0, 1} or len(counts) == 1:
        return mean
    return Estimate(mean.value, n, bootstrap_interval(counts, n))


def bootstrap_interval(counts: Mapping[float, int], divisor: float, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a mean: percentiles over 10,000 resamples of its values, with replacement.

    Args:
        counts: number of occurrences of each value; their order determines the random draws.
        divisor: what a sum of all values is divided by.
        seed: of the draws.
    """
    import numpy

    # Resampling n values and counting them is one multinomial draw: the same distribution without a loop over values.
    rng, n = numpy.random.default_rng(seed), sum(counts.values())
    shares, values = [count / n for count in counts.values()], list(counts)
    rows = max(1, _CELLS // len(values))
    sizes = [min(rows, _RESAMPLES - first) for first in range(0, _RESAMPLES, rows)]
    sums = numpy.concatenate([rng.multinomial(n, shares, size) @ values for size in sizes])
    low, high = numpy.percentile(sums / divisor, [2.5, 97.5])
    return float(low), float(high)


def share_of(value: float, n: int) -> Estimate:
    """Return the estimate for a given share of right answers, such as a minibatch's accuracy.

    For a mean of graded scores, the interval is wider than needed: scores of 0 and 1 vary most.

    Args:
        value: in [0, 1].
        n: number of questions, >= 0.
    """
    return _wilson(value, n) if n else Estimate(None, 0, UNKNOWN_INTERVAL)


def _wilson(share: float, n: int) -> Estimate:
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Estimate(share, n, (max(0.0, middle - half), min(1.0, middle + half)))


def total_of(shares: Iterable[tuple[float, int]]) -> tuple[float, int]:
    """Return the total score and the number of questions of several minibatches.

    Args:
        shares: mean score and number of questions of each.
    """
    pairs = list(shares)
    # Rounded, so that a number of right answers is an integer again.
    return math.fsum(round(share * n, 9) for share, n in pairs), sum(n for _, n in pairs)


def mean_of_prompts(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean over several prompts that answered the same questions, as in local-only training.

    Its n is the number of questions and its interval that of one prompt: more prompts add no questions, and the
    correlation between their answers is unknown. The interval is therefore valid even if all prompts answer alike, and
    wider than needed for graded scores; see `share_of`.

    Args:
        estimates: at least one, all with the same n unless they are raced.
    """
    values = [estimate.value for estimate in estimates if estimate.value is not None]
    if not values:
        return estimates[0]
    mean = _wilson(sum(values) / len(values), min(estimate.n for estimate in estimates))
    return replace(mean, raced_of=max(estimate.raced_of for estimate in estimates))


def mean_of(estimates: Sequence[Estimate], weights: Sequence[float] = ()) -> Estimate:
    """Return the mean over tasks, by default each with the same weight whatever its n; the result's n is the total.

    The interval adds the squared distances between each task's value and its own bounds (Zou and Donner's method for
    independent proportions). Unlike the normal approximation it does not vanish if all answers are right, and for
    one task it equals that task's interval. Tasks without questions are ignored.
    """
    pairs = zip(estimates, weights or [1.0] * len(estimates), strict=True)
    counted = [(estimate.value, estimate, weight) for estimate, weight in pairs if estimate.value is not None]
    if not counted:
        return Estimate(None, 0, UNKNOWN_INTERVAL)
    whole = sum(weight for _, _, weight in counted)
    mean = sum(weight * value for value, _, weight in counted) / whole
    below = math.sqrt(sum((weight * (value - estimate.ci95[0])) ** 2 for value, estimate, weight in counted)) / whole
    above = math.sqrt(sum((weight * (estimate.ci95[1] - value)) ** 2 for value, estimate, weight in counted)) / whole
    total = sum(estimate.n for _, estimate, _ in counted)
    raced_of = sum(estimate.raced_of or estimate.n for _, estimate, _ in counted)
    return Estimate(mean, total, (max(0.0, mean - below), min(1.0, mean + above)), raced_of if raced_of > total else 0)


def rounded(number: float | None) -> float | None:
    """Return a number with four decimals, for logs."""
    return None if number is None else round(float(number), 4)


def n_text(n: int, raced_of: int = 0) -> str:
    """Return "n = 24" or, for a raced estimate, "n = 24 of 100, raced"; see `Estimate`."""
    return f"n = {n} of {raced_of}, raced" if raced_of else f"n = {n}"


def interval_text(bounds: tuple[float, float]) -> str:
    """Return an interval as "[0.21, 0.94]"."""
    return f"[{bounds[0]:.2f}, {bounds[1]:.2f}]"
