"""Spread of one measure over several seeds.

    print(over_seeds([0.9, 1.0, 1.0]))  # 0.97 ± 0.06 [0.82, 1.00], 3 seeds

Sources: Student, Biometrika 6 (1908) 1-25, for the interval; Mandelkern, Stat. Sci. 17 (2002) 149-172, for intervals of
bounded parameters. The true mean of an accuracy lies within [0, 1], so the part of the interval outside never holds it:
cutting this part off keeps the coverage.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from utils.metrics.intervals import interval_text, rounded

ACCURACY = (0.0, 1.0)
DIFFERENCE = (-1.0, 1.0)
"""Limits of a measure: of a share, and of the difference between two shares."""


@dataclass(frozen=True)
class Spread:
    """One measure over several seeds.

    Attributes:
        mean: in the measure's own unit.
        sd: sample standard deviation (n - 1 in the denominator); None for one seed.
        ci95: Student's t interval of the mean, cut at the limits of the measure; None for one seed.
        n: number of seeds, >= 1.
    """

    mean: float
    sd: float | None
    ci95: tuple[float, float] | None
    n: int

    def as_json(self) -> dict:
        """Return all attributes, rounded to four decimals."""
        return {
            "mean": rounded(self.mean),
            "sd": rounded(self.sd),
            "n": self.n,
            "ci95": self.ci95 and [rounded(bound) for bound in self.ci95],
        }

    def __str__(self) -> str:
        if self.ci95 is None:
            return f"{self.mean:.2f}, one seed"
        return f"{self.mean:.2f} ± {self.sd:.2f} {interval_text(self.ci95)}, {self.n} seeds"


def over_seeds(values: Sequence[float], limits: tuple[float, float] = ACCURACY) -> Spread:
    """Return mean, standard deviation and t interval of one measure over seeds.

    Args:
        values: one per seed.
        limits: smallest and largest possible value of the measure.

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
    return Spread(mean, sd, (max(limits[0], mean - half), min(limits[1], mean + half)), n)
