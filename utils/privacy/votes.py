"""Votes of clients with local differential privacy: k-ary randomized response.

The mechanism is k-RR of Kairouz, Bonawitz and Ramage (ICML 2016, arXiv 1602.07387, k-ary alphabets), which for two
choices is the randomized response of Warner (1965). It holds for the votes only, not for prompts; see `NO_GUARANTEE`.
"""

import math
import random
from collections.abc import Sequence

NO_GUARANTEE = "Uploaded prompts are free text and carry no formal privacy guarantee."


def randomized_response(choice: int, k: int, epsilon: float, rng: random.Random) -> int:
    """Return a noisy choice: the true one with probability e^epsilon / (e^epsilon + k - 1), else any other, evenly.

    Args:
        choice: the true choice, in [0, k).
        k: number of choices, >= 1.
        epsilon: privacy parameter of this answer, > 0. Of any two true choices, no answer is more than e^epsilon times
            as probable under one as under the other.
        rng: draws the answer.
    """
    if rng.random() < _probabilities(k, epsilon)[0] or k == 1:
        return choice
    other = rng.randrange(k - 1)
    return other + (other >= choice)


def vote_shares(votes: Sequence[int], k: int, epsilon: float) -> list[float]:
    """Return the unbiased estimate of each choice's share of the true votes.

    With p the probability of a true answer, q that of each other one, and c of n answers, it is (c / n - q) / (p - q).
    The estimates sum to 1; noise may push one below 0 or above 1.

    Args:
        votes: n noisy choices, each in [0, k).
        k, epsilon: as in `randomized_response`.

    Returns:
        k shares; all 0 without votes.
    """
    if not votes:
        return [0.0] * k
    true, other = _probabilities(k, epsilon)
    return [(votes.count(choice) / len(votes) - other) / (true - other) for choice in range(k)]


def _probabilities(k: int, epsilon: float) -> tuple[float, float]:
    """Return the probability of the true answer, and that of each other one."""
    total = math.exp(epsilon) + k - 1
    return math.exp(epsilon) / total, 1 / total
