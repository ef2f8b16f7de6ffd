"""Spread over seeds, checked by hand."""

import math

import pytest

from utils.metrics.spread import over_seeds


def test_over_seeds_by_hand():
    spread = over_seeds([0.6, 0.7, 0.8])
    half = 4.302653 * 0.1 / math.sqrt(3)  # t with 2 degrees of freedom
    assert (spread.mean, spread.sd, spread.n) == (pytest.approx(0.7), pytest.approx(0.1), 3)
    assert spread.ci95 == pytest.approx((0.7 - half, 0.7 + half), abs=1e-6)
    assert str(spread) == "0.70 ± 0.10 [0.45, 0.95], 3 seeds"
    assert spread.as_json() == {"mean": 0.7, "sd": 0.1, "n": 3, "ci95": [0.4516, 0.9484]}


def test_one_seed_has_no_spread():
    spread = over_seeds([0.5])
    assert (spread.sd, spread.ci95, spread.n) == (None, None, 1)
    assert str(spread) == "0.50, one seed" and spread.as_json()["ci95"] is None


def test_no_seeds_raise_an_error():
    with pytest.raises(ValueError):
        over_seeds([])
