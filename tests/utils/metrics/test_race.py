"""The sequential test of a race."""

import math
import random

import pytest

from utils.metrics.race import ERROR, is_ahead, looks


def first_claim(values, error=ERROR):
    """Return after how many values, looking after every one, the test says that their sum is above 0; None if never."""
    return next((n for n in range(1, len(values) + 1) if is_ahead(values[:n], len(values), error=error)), None)


def shuffled(rng, *counts):
    """Return a shuffled list of 1, -1 and 0; `counts` has the number of each, in this order."""
    values = [value for value, count in zip((1, -1, 0), counts, strict=True) for _ in range(count)]
    rng.shuffle(values)
    return values


@pytest.mark.parametrize("counts", [(15, 15, 0), (5, 5, 50), (1, 1, 8), (10, 14, 36)])
def test_the_share_of_false_claims_stays_below_the_error_however_often_the_test_looks(counts):
    rng, trials, error = random.Random(1), 600, 0.2
    false = sum(first_claim(shuffled(rng, *counts), error) is not None for _ in range(trials))
    assert false / trials <= error + 2 * math.sqrt(error * (1 - error) / trials)


def test_a_sum_of_0_is_never_certain_to_be_above_0():
    assert not is_ahead([1, -1], 2) and not is_ahead([0, 0, 0], 3) and not is_ahead([], 0)


def test_all_values_decide_by_their_sum():
    rng = random.Random(2)
    for _ in range(50):
        values = [rng.choice((-1, 0, 1)) for _ in range(12)]
        assert is_ahead(values, 12, error=1e-12) is (sum(values) > 0)


def test_a_lead_that_the_other_values_cannot_undo_is_certain():
    assert is_ahead([1] * 6, 11, error=1e-12) and not is_ahead([1] * 6, 12, error=1e-12)


def test_a_clear_lead_is_found_after_a_tenth_of_the_questions():
    rng = random.Random(3)
    claims = [first_claim(shuffled(rng, 120, 15, 165)) for _ in range(20)]
    assert sum(claims) / len(claims) < 30


def test_weighted_differences_keep_the_error():
    """Two tasks of unequal size: the differences of the small one count more, and their weighted sum is 0."""
    rng, trials, error = random.Random(4), 600, 0.2
    values = [2.0] * 4 + [-0.8] * 10 + [0.0] * 26
    false = 0
    for _ in range(trials):
        rng.shuffle(values)
        false += any(is_ahead(values[:n], len(values), 2.0, error) for n in range(1, len(values) + 1))
    assert false / trials <= error + 2 * math.sqrt(error * (1 - error) / trials)


def test_looks_grow_and_end_with_the_last_question():
    assert looks(0) == [] and looks(7) == [7] and looks(16) == [16] and looks(40) == [16, 24, 36, 40]
