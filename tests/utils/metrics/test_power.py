"""Power and detectable differences, checked by hand and by simulation."""

import math
import random

import pytest

from utils.metrics.paired import mcnemar
from utils.metrics.power import _critical_value, minimum_detectable_difference, power_of


@pytest.mark.parametrize("n, base", [(30, 0.5), (100, 0.5), (100, 0.8), (250, 0.3)])
def test_the_detectable_difference_is_detected_in_80_percent_of_runs(n, base):
    difference = minimum_detectable_difference(n, base)
    rng, found, runs = random.Random(n), 0, 3000
    for _ in range(runs):
        before = [rng.random() < base for _ in range(n)]
        after = [rng.random() < base + difference for _ in range(n)]
        gained = sum(b < a for b, a in zip(before, after))
        found += mcnemar(gained, sum(b > a for b, a in zip(before, after))) <= 0.05
    assert found / runs == pytest.approx(0.8, abs=0.025)


def test_the_power_by_hand_of_six_questions():
    # all six must be gained: then p = 2/64 < 0.05; with five p = 2/32 > 0.05
    assert power_of(6, base=0.0, difference=0.9) == pytest.approx(0.9**6)


def test_more_questions_or_correlated_answers_detect_smaller_differences():
    few, many = minimum_detectable_difference(50), minimum_detectable_difference(500)
    assert many < few and minimum_detectable_difference(50, correlation=0.6) < few
    approximation = (1.96 + 0.84) * math.sqrt(0.5 / 500)  # two independent halves, without the exact test's caution
    assert many == pytest.approx(approximation, rel=0.08)


def test_five_questions_detect_nothing_and_a_perfect_prompt_cannot_gain():
    assert minimum_detectable_difference(5) is None
    assert minimum_detectable_difference(100, base=1.0) is None


def test_the_critical_value_is_the_largest_tail_below_half_of_alpha():
    for n in range(0, 40):
        rejected = [k for k in range(n // 2 + 1) if sum(math.comb(n, i) for i in range(k + 1)) / 2**n < 0.025]
        assert _critical_value(n, 0.05) == max(rejected, default=-1)
