"""Paired comparison of prompts on the same questions.

    print(compare({"q1": 0, "q2": 1}, {"q1": 1, "q2": 1}).verdict)

Sources: McNemar, Psychometrika 12 (1947) 153-157, in its exact form; Fisher, The Design of Experiments (1935), section
21, for the permutation test that flips signs; Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) article 39, for
its p-value over random flips; `utils.metrics.intervals` for the bootstrap.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from textgrad.errors import UsageError
from utils.metrics.intervals import bootstrap_interval, interval_text, rounded

SIGNIFICANCE = 0.05
_FLIPS = 10_000
_MOST_ENUMERATED = 16  # changes whose flips are all counted; 2 ** 16 sums
_SLACK = 1e-9  # rounding error of a sum, in which equal sums may differ


@dataclass(frozen=True)
class Comparison:
    """One prompt and another, or the mean over several others, on the same questions.

    Attributes:
        difference: accuracy, or mean score, after minus before, in [-1, 1].
        ci95: its 95 % interval, by a paired bootstrap (percentiles of 10,000 resamples of the questions).
        p_value: two-sided, of the exact McNemar test, in (0, 1]; for a mean over prompts and for graded scores, of the
            permutation test that flips signs.
        n: number of questions, >= 1.
        gained: questions that the second prompt answered better; for a mean, the sum over prompts.
        lost: questions that the first prompt answered better; likewise.
    """

    difference: float
    ci95: tuple[float, float]
    p_value: float
    n: int
    gained: int
    lost: int

    @property
    def verdict(self) -> str:
        """One line for readers. The p-value alone decides whether there is a difference, at 5 %."""
        if self.p_value > SIGNIFICANCE:
            return f"not distinguishable from noise ({p_text(self.p_value)}, n = {self.n})"
        low, high = self.ci95
        word, size, bounds = "better", self.difference, (low, high)
        if self.difference < 0:
            word, size, bounds = "worse", -self.difference, (-high, -low)
        return f"{word} by {size:.2f} {interval_text(bounds)}, {p_text(self.p_value)}, n = {self.n}"

    def as_json(self) -> dict:
        """Return all attributes and the verdict, rounded to four decimals."""
        record = asdict(self) | {"ci95": [rounded(bound) for bound in self.ci95], "verdict": self.verdict}
        return record | {"difference": rounded(self.difference), "p_value": float(f"{self.p_value:.4g}")}


def compare(before: Mapping, *after: Mapping, seed: int = 0) -> Comparison:
    """Compare a prompt with another one on the same questions: difference, interval and test.

    Several other prompts, such as the clients' own ones, are compared by the mean of their accuracies.

    Args:
        before: question id -> score of the first prompt's answer: 1 right, 0 wrong, or graded in between.
        *after: the same for each other prompt, with the same ids.
        seed: seed of the bootstrap and of random flips.

    Raises:
        UsageError: the questions differ, or there are none.
    """
    for each in after:
        if before.keys() != each.keys() or not before:
            raise UsageError(
                f"a paired comparison needs the same questions on both sides: {len(before)} before, "
                f"{len(each)} after, {len(before.keys() & each.keys())} in common; use the same test set"
            )
    n, prompts = len(before), len(after)
    gained = sum(each[question] > before[question] for each in after for question in before)
    lost = sum(each[question] < before[question] for each in after for question in before)
    changes = [sum(each[question] for each in after) - prompts * before[question] for question in before]
    counts, graded = Counter(changes), not _are_integers(changes)
    values = sorted({*counts} if graded else range(-prompts, prompts + 1), key=lambda value: (-abs(value), -value))
    interval = bootstrap_interval({value: counts[value] for value in values}, n * prompts, seed)
    p_value = mcnemar(gained, lost) if prompts == 1 and not graded else flip_signs(changes, seed)
    return Comparison(math.fsum(changes) / (n * prompts), interval, p_value, n, gained, lost)


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of the exact McNemar test.

    Under the null hypothesis each question that only one prompt answered correctly is a fair coin toss.

    Args:
        gained: number of questions that only the second prompt answered correctly, >= 0.
        lost: number of questions that only the first prompt answered correctly, >= 0.
    """
    discordant = gained + lost
    tail = sum(math.comb(discordant, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / 2**discordant)


def flip_signs(changes: Sequence[float], seed: int = 0) -> float:
    """Return the two-sided p-value of the permutation test that flips the signs of changes.

    Under the null hypothesis each question's change is as likely in the other direction. Changes of 1 and -1 make it
    the exact McNemar test. It is exact for integers and for up to 16 changes, and else uses 10,000 random flips.

    Args:
        changes: one per question, in any unit.
        seed: of random flips.
    """
    import numpy

    sizes = [abs(change) for change in changes if change]
    if not _are_integers(sizes):
        return _flip_fractions(numpy.array(sizes), abs(math.fsum(changes)), seed)
    total = int(sum(sizes))
    probability = numpy.zeros(2 * total + 1)  # of each sum from -total to total
    probability[total] = 1.0
    for size in sizes:
        shifted = [numpy.roll(probability, int(sign * size)) for sign in (1, -1)]
        probability = (shifted[0] + shifted[1]) / 2  # the ends are still zero
    extreme = abs(numpy.arange(-total, total + 1)) >= abs(sum(changes))
    return min(1.0, float(probability[extreme].sum()))


def _flip_fractions(sizes, observed: float, seed: int) -> float:
    """Return the p-value from the sums under all flips, or under random ones and the observed one."""
    import numpy

    if len(sizes) <= _MOST_ENUMERATED:
        sums = numpy.zeros(1)
        for size in sizes:
            sums = numpy.concatenate([sums + size, sums - size])
        return float((abs(sums) >= observed - _SLACK).mean())
    rng = numpy.random.default_rng(seed)
    flips = (rng.integers(0, 2, len(sizes)) * 2 - 1 for _ in range(_FLIPS))
    extreme = sum(bool(abs(signs @ sizes) >= observed - _SLACK) for signs in flips)
    return (extreme + 1) / (_FLIPS + 1)


def _are_integers(changes: Sequence[float]) -> bool:
    return all(float(change).is_integer() for change in changes)


def p_text(p_value: float) -> str:
    return f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"
