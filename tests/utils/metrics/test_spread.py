"""Spread over seeds, checked by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.metrics.spread import DIFFERENCE, over_seeds


def test_over_seeds_by_hand():
    spread = over_seeds([0.6, 0.7, 0.8])
    half = 4.302653 * 0.1 / math.sqrt(3)  # t with 2 degrees of freedom
    assert (spread.mean, spread.sd, spread.n) == (pytest.approx(0.7), pytest.approx(0.1), 3)
    assert spread.ci95 == pytest.approx((0.7 - half, 0.7 + half), abs=1e-6)
    assert str(spread) == "0.70 ± 0.10 [0.45, 0.95], 3 seeds"
    assert spread.as_json() == {"mean": 0.7, "sd": 0.1, "n": 3, "ci95": [0.4516, 0.9484]}


@pytest.mark.parametrize("values", [[0.9, 1.0, 1.0], [0.0, 0.0, 0.1], [0.0, 1.0]])
def test_the_interval_of_an_accuracy_stays_within_its_limits(values):
    low, high = over_seeds(values).ci95
    assert 0 <= low <= sum(values) / len(values) <= high <= 1


def test_the_interval_of_a_difference_may_be_negative():
    low, high = over_seeds([-0.9, 0.0, 0.3], DIFFERENCE).ci95
    assert low == -1 and 0 < high <= 1
    assert over_seeds([-0.1, 0.0, 0.1], DIFFERENCE).ci95[0] == pytest.approx(-4.302653 * 0.1 / math.sqrt(3), abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_no_interval_leaves_its_limits(values):
    low, high = over_seeds(values).ci95
    assert 0 <= low <= high <= 1


def test_one_seed_has_no_spread():
    spread = over_seeds([0.5])
    assert (spread.sd, spread.ci95, spread.n) == (None, None, 1)
    assert str(spread) == "0.50, one seed" and spread.as_json()["ci95"] is None


def test_no_seeds_raise_an_error():
    with pytest.raises(ValueError):
        over_seeds([])
