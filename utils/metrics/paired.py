"""Paired comparison of prompts on the same questions.

    print(compare({"q1": 0, "q2": 1}, {"q1": 1, "q2": 1}).verdict)

Sources: McNemar, Psychometrika 12 (1947) 153-157, in its exact form; Fisher, The Design of Experiments (1935), section
21, for the test that flips signs; Efron, Ann. Statist. 7 (1979) 1-26, for the bootstrap.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from textgrad.errors import UsageError
from utils.metrics.intervals import interval_text, rounded

_SIGNIFICANCE = 0.05
_RESAMPLES = 10_000


@dataclass(frozen=True)
class Comparison:
    """One prompt and another, or the mean over several others, on the same questions.

    Attributes:
        difference: accuracy after minus accuracy before, in [-1, 1].
        ci95: its 95 % interval, by a paired bootstrap (percentiles of 10,000 resamples of the questions).
        p_value: two-sided, of the exact McNemar test, in (0, 1]; for a mean, of the test that flips signs.
        n: number of questions, >= 1.
        gained: questions that only the second prompt answered correctly; for a mean, the sum over prompts.
        lost: questions that only the first prompt answered correctly; likewise.
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
        if self.p_value > _SIGNIFICANCE:
            return f"not distinguishable from noise ({_p_text(self.p_value)}, n = {self.n})"
        low, high = self.ci95
        word, size, bounds = "better", self.difference, (low, high)
        if self.difference < 0:
            word, size, bounds = "worse", -self.difference, (-high, -low)
        return f"{word} by {size:.2f} {interval_text(bounds)}, {_p_text(self.p_value)}, n = {self.n}"

    def as_json(self) -> dict:
        """Return all attributes and the verdict, rounded to four decimals."""
        record = asdict(self) | {"ci95": [rounded(bound) for bound in self.ci95], "verdict": self.verdict}
        return record | {"difference": rounded(self.difference), "p_value": float(f"{self.p_value:.4g}")}


def compare(before: Mapping, *after: Mapping, seed: int = 0) -> Comparison:
    """Compare a prompt with another one on the same questions: difference, interval and test.

    Several other prompts, such as the clients' own ones, are compared by the mean of their accuracies.

    Args:
        before: question id -> 1 for a right answer of the first prompt, 0 for a wrong one.
        *after: the same for each other prompt, with the same ids.
        seed: seed of the bootstrap.

    Raises:
        UsageError: the questions differ, or there are none.
    """
    import numpy

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
    # Resampling n questions and counting the outcomes is one multinomial draw: the same distribution without a loop.
    count = Counter(changes)
    values = sorted(range(-prompts, prompts + 1), key=lambda value: (-abs(value), -value))
    draws = numpy.random.default_rng(seed).multinomial(n, [count[value] / n for value in values], _RESAMPLES)
    low, high = numpy.percentile(draws @ values / (n * prompts), [2.5, 97.5])
    p_value = mcnemar(gained, lost) if prompts == 1 else flip_signs(changes)
    return Comparison((gained - lost) / (n * prompts), (float(low), float(high)), p_value, n, gained, lost)


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


def flip_signs(changes: Sequence[int]) -> float:
    """Return the two-sided p-value of the exact test that flips the signs of changes.

    Under the null hypothesis each question's change is as likely in the other direction. Changes of 1 and -1 make it
    the exact McNemar test.

    Args:
        changes: one per question, in any unit.
    """
    import numpy

    sizes = [abs(change) for change in changes if change]
    total = sum(sizes)
    probability = numpy.zeros(2 * total + 1)  # of each sum from -total to total
    probability[total] = 1.0
    for size in sizes:
        probability = (numpy.roll(probability, size) + numpy.roll(probability, -size)) / 2  # the ends are still zero
    extreme = abs(numpy.arange(-total, total + 1)) >= abs(sum(changes))
    return min(1.0, float(probability[extreme].sum()))


def _p_text(p_value: float) -> str:
    return f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"
