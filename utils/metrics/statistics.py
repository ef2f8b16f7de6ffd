"""All statistics in one place: intervals, paired comparisons, power and spread over seeds."""

from utils.metrics.intervals import Estimate, accuracy, mean_of, mean_of_prompts, share_of, total_of
from utils.metrics.paired import Comparison, compare, mcnemar
from utils.metrics.power import minimum_detectable_difference, power_of
from utils.metrics.spread import DIFFERENCE, Spread, over_seeds

__all__ = [
    "DIFFERENCE",
    "Comparison",
    "Estimate",
    "Spread",
    "accuracy",
    "compare",
    "mcnemar",
    "mean_of",
    "mean_of_prompts",
    "minimum_detectable_difference",
    "over_seeds",
    "power_of",
    "share_of",
    "total_of",
]
