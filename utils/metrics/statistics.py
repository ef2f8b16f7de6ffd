"""How sure a number is: intervals, paired comparisons, spread over seeds, and what a given n could detect at all.

    before, after = accuracy([0, 1, 0]), accuracy([1, 1, 0])
    print(compare({"q1": 0, "q2": 1}, {"q1": 1, "q2": 1}).verdict)

Sources: Wilson, JASA 22 (1927) 209-212; McNemar, Psychometrika 12 (1947) 153-157, in its exact form; Efron, Ann.
Statist. 7 (1979) 1-26, for the bootstrap; Zou and Donner, Stat. Med. 27 (2008) 1693-1702, for the mean over tasks.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from textgrad.errors import UsageError

_Z = 1.959963984540054  # the standard normal distribution's 97.5 % point
_SIGNIFICANT = 0.05
_RESAMPLES = 10_000


@dataclass(frozen=True)
class Estimate:
    """A share of right answers.

    Attributes:
        value: in [0, 1]; None where there was no question.
        n: how many questions it rests on, >= 0.
        ci95: the 95 % interval, within [0, 1]; (0, 1), which says nothing, where there was no question.
    """

    value: float | None
    n: int
    ci95: tuple[float, float]

    def as_json(self) -> dict:
        """`{"value": float | None, "n": int, "ci95": [low, high]}`, to four decimals."""
        return {"value": _rounded(self.value), "n": self.n, "ci95": [_rounded(bound) for bound in self.ci95]}

    @classmethod
    def from_json(cls, record: Mapping) -> "Estimate":
        """The estimate that `as_json` wrote."""
        return cls(record["value"], record["n"], tuple(record["ci95"]))

    def __str__(self) -> str:
        if self.value is None:
            return "no questions"
        return f"{self.value:.2f} {_interval(self.ci95)}, n = {self.n}"


@dataclass(frozen=True)
class Comparison:
    """Two prompts on the same questions.

    Attributes:
        difference: accuracy after minus accuracy before, in [-1, 1].
        ci95: its 95 % interval, by a paired bootstrap (percentiles of 10,000 resamples of the questions).
        p_value: two-sided, of the exact McNemar test, in (0, 1].
        n: number of questions, >= 1.
        gained, lost: questions that only the second, or only the first, answered rightly.
    """

    difference: float
    ci95: tuple[float, float]
    p_value: float
    n: int
    gained: int
    lost: int

    @property
    def verdict(self) -> str:
        """One line for people. Whether there is a difference is judged by the p-value alone, at 5 %."""
        if self.p_value > _SIGNIFICANT:
            return f"not distinguishable from noise ({_p(self.p_value)}, n = {self.n})"
        low, high = self.ci95
        word, size, bounds = "better", self.difference, (low, high)
        if self.difference < 0:
            word, size, bounds = "worse", -self.difference, (-high, -low)
        return f"{word} by {size:.2f} {_interval(bounds)}, {_p(self.p_value)}, n = {self.n}"

    def as_json(self) -> dict:
        """All attributes and the verdict, numbers to four decimals."""
        record = asdict(self) | {"ci95": [_rounded(bound) for bound in self.ci95], "verdict": self.verdict}
        return record | {"difference": _rounded(self.difference), "p_value": float(f"{self.p_value:.4g}")}


@dataclass(frozen=True)
class Spread:
    """One measure over several seeds.

    Attributes:
        mean: in the measure's own unit.
        sd: standard deviation of the sample (n - 1 in the denominator); None for one seed.
        ci95: Student's t interval of the mean; None for one seed. Not clipped to [0, 1].
        n: number of seeds, >= 1.
    """

    mean: float
    sd: float | None
    ci95: tuple[float, float] | None
    n: int

    def as_json(self) -> dict:
        """All attributes, to four decimals."""
        return {
            "mean": _rounded(self.mean),
            "sd": _rounded(self.sd),
            "n": self.n,
            "ci95": self.ci95 and [_rounded(bound) for bound in self.ci95],
        }

    def __str__(self) -> str:
        if self.ci95 is None:
            return f"{self.mean:.2f}, one seed"
        return f"{self.mean:.2f} ± {self.sd:.2f} {_interval(self.ci95)}, {self.n} seeds"


def accuracy(correct: Sequence[int]) -> Estimate:
    """The share of right answers with Wilson's interval, which also holds at 0, at 1 and for few questions.

    Args:
        correct: 1 for a right answer and 0 for a wrong one.

    Raises:
        ValueError: a score is neither 0 nor 1.
    """
    if any(score not in (0, 1) for score in correct):
        raise ValueError(f"a score must be 0 or 1, not {next(s for s in correct if s not in (0, 1))!r}")
    n = len(correct)
    return share_of(sum(correct) / n if n else 0.0, n)


def share_of(value: float, n: int) -> Estimate:
    """A share of right answers that was given as a number, such as a minibatch's, with Wilson's interval.

    Args:
        value: in [0, 1].
        n: number of questions, >= 0.
    """
    return _wilson(value, n) if n else Estimate(None, 0, (0.0, 1.0))


def _wilson(share: float, n: int) -> Estimate:
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Estimate(share, n, (max(0.0, middle - half), min(1.0, middle + half)))


def mean_of_prompts(estimates: Sequence[Estimate]) -> Estimate:
    """The mean over several prompts that answered the same questions, such as those of local-only training.

    Its n is the number of questions and its interval that of one prompt: more prompts are no more questions, and how
    alike the prompts answer is not known. So it is wide enough even where all of them answer the same.

    Args:
        estimates: at least one, all with the same n.
    """
    n = estimates[0].n
    return _wilson(sum(estimate.value for estimate in estimates) / len(estimates), n) if n else estimates[0]


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """The mean over tasks, each task with the same weight whatever its n; n is the total.

    The interval adds the squares of the distances from each task's value to its own Wilson bounds (Zou and Donner's
    method, for independent proportions). Unlike the plain normal approximation it does not shrink to nothing where
    all answers are right, and for one task it is that task's own. Tasks without questions do not count.
    """
    counted = [estimate for estimate in estimates if estimate.value is not None]
    if not counted:
        return Estimate(None, 0, (0.0, 1.0))
    mean = sum(estimate.value for estimate in counted) / len(counted)
    below = math.sqrt(sum((estimate.value - estimate.ci95[0]) ** 2 for estimate in counted)) / len(counted)
    above = math.sqrt(sum((estimate.ci95[1] - estimate.value) ** 2 for estimate in counted)) / len(counted)
    return Estimate(mean, sum(estimate.n for estimate in counted), (max(0.0, mean - below), min(1.0, mean + above)))


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided p-value of the exact McNemar test: a fair coin decides each question that only one got right.

    Args:
        gained, lost: how many questions only the second, or only the first, answered rightly; >= 0.
    """
    discordant = gained + lost
    tail = sum(math.comb(discordant, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / 2**discordant)


def compare(before: Mapping, after: Mapping, seed: int = 0) -> Comparison:
    """Two prompts on the same questions: difference, interval and test.

    Args:
        before, after: question id -> 1 for a right answer, 0 for a wrong one. The same ids in both.
        seed: of the bootstrap.

    Raises:
        UsageError: the questions are not the same, or there are none.
    """
    import numpy

    if before.keys() != after.keys() or not before:
        raise UsageError(
            f"a paired comparison needs the same questions on both sides: {len(before)} before, "
            f"{len(after)} after, {len(before.keys() & after.keys())} in common; use the same test set"
        )
    n = len(before)
    gained = sum(1 for question in before if after[question] > before[question])
    lost = sum(1 for question in before if after[question] < before[question])
    # Drawing n questions with replacement and counting is a multinomial draw: the same distribution, without the loop.
    draws = numpy.random.default_rng(seed).multinomial(n, [gained / n, lost / n, (n - gained - lost) / n], _RESAMPLES)
    low, high = numpy.percentile((draws[:, 0] - draws[:, 1]) / n, [2.5, 97.5])
    return Comparison((gained - lost) / n, (float(low), float(high)), mcnemar(gained, lost), n, gained, lost)


def over_seeds(values: Sequence[float]) -> Spread:
    """Mean, standard deviation and t-interval of one measure over seeds.

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no values to average")
    n, mean = len(values), sum(values) / len(values)
    if n == 1:
        return Spread(mean, None, None, 1)
    from scipy.special import stdtrit

    sd = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)
    return Spread(mean, sd, (mean - half, mean + half), n)


def power_of(n: int, base: float, difference: float, alpha: float = 0.05, correlation: float = 0.0) -> float:
    """The chance that the exact McNemar test sees a true difference: summed over all outcomes, not approximated.

    Args: as in `minimum_detectable_difference`; `difference` in (0, 1 - base].
    """
    import numpy
    from scipy.special import bdtr, bdtrc, gammaln, xlogy  # scipy.stats would take a second to import

    after = base + difference
    shared = correlation * math.sqrt(base * (1 - base) * after * (1 - after))
    lost = max(0.0, base * (1 - after) - shared)
    gained = lost + difference
    discordant = numpy.arange(n + 1)
    edge = numpy.array([_edge(count, alpha) for count in range(n + 1)])  # so many of one kind, or fewer: it rejects
    side = gained / (gained + lost)
    some = edge >= 0
    rejects = numpy.zeros(n + 1)
    rejects[some] = bdtr(edge[some], discordant[some], side) + bdtrc(
        discordant[some] - edge[some] - 1, discordant[some], side
    )
    chances = numpy.exp(
        gammaln(n + 1)
        - gammaln(discordant + 1)
        - gammaln(n - discordant + 1)
        + xlogy(discordant, gained + lost)
        + xlogy(n - discordant, 1 - gained - lost)
    )
    return float(numpy.sum(chances * rejects))


@functools.cache
def _edge(n: int, alpha: float) -> int:
    """The largest k with P(X <= k) < alpha / 2 for X of n fair coins; -1 where there is none."""
    import numpy
    from scipy.special import bdtr

    return int(numpy.searchsorted(bdtr(numpy.arange(n + 1), n, 0.5), alpha / 2)) - 1 if n else -1


def minimum_detectable_difference(
    n: int, base: float = 0.5, power: float = 0.8, alpha: float = 0.05, correlation: float = 0.0
) -> float | None:
    """The smallest true gain in accuracy that n test questions would show, to three decimals.

    Solved on the exact power of the exact McNemar test (see `power_of`; the model is that of Connor, Biometrics 43
    (1987) 207-211: each question is gained, lost or neither).

    Args:
        n: number of test questions, >= 1.
        base: accuracy before, in [0, 1].
        power: wanted chance to detect it, in (0, 1).
        alpha: chance of a false alarm, in (0, 1).
        correlation: of the right answers before and after, in [0, 1]. 0, as if the questions were not the same, is
            on the safe side: in a paired comparison smaller gains may show.

    Returns:
        The difference in (0, 1 - base]; None where n questions could not show even a gain to 1.0.
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


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(float(number), 4)


def _interval(bounds: tuple[float, float]) -> str:
    return f"[{bounds[0]:.2f}, {bounds[1]:.2f}]"


def _p(p_value: float) -> str:
    return f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"
