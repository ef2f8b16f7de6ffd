"""Checked against values worked out by hand, scipy, and simulation."""

import math
import random
import subprocess
import sys

import pytest

from textgrad.errors import UsageError
from utils.metrics.statistics import (
    Estimate,
    accuracy,
    compare,
    mcnemar,
    mean_of,
    mean_of_prompts,
    minimum_detectable_difference,
    over_seeds,
    power_of,
)


def test_wilson_interval_of_eight_in_ten():
    estimate = accuracy([1] * 8 + [0] * 2)
    assert estimate.value == 0.8 and estimate.n == 10
    assert estimate.ci95 == pytest.approx((0.4902, 0.9433), abs=5e-5)


@pytest.mark.parametrize("right, n", [(0, 1), (0, 7), (3, 3), (17, 30), (99, 100), (500, 1319)])
def test_wilson_interval_agrees_with_scipy(right, n):
    from scipy.stats import binomtest

    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert accuracy([1] * right + [0] * (n - right)).ci95 == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_all_right_is_not_certainty():
    low, high = accuracy([1] * 10).ci95
    assert low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6) and high == pytest.approx(1.0)


def test_no_questions_give_no_value_and_an_interval_that_says_nothing():
    assert accuracy([]) == Estimate(None, 0, (0.0, 1.0))
    assert accuracy([]).as_json() == {"value": None, "n": 0, "ci95": [0.0, 1.0]}
    assert str(accuracy([])) == "no questions"


def test_a_score_that_is_neither_0_nor_1_is_refused():
    with pytest.raises(ValueError, match="0.5"):
        accuracy([1, 0.5])


def test_an_estimate_goes_through_json_and_reads_well():
    estimate = accuracy([1, 1, 0])
    assert estimate.as_json() == {"value": 0.6667, "n": 3, "ci95": [0.2077, 0.9385]}
    assert Estimate.from_json(estimate.as_json()).as_json() == estimate.as_json()
    assert str(estimate) == "0.67 [0.21, 0.94], n = 3"


def test_the_accuracy_needs_no_scipy():
    code = (
        "import sys; from utils.metrics.statistics import accuracy; accuracy([1, 0]); assert 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_task_has_the_same_weight_in_the_mean():
    mean = mean_of([accuracy([1] * 10), accuracy([0] * 90)])
    assert mean.value == 0.5 and mean.n == 100


def test_the_mean_of_one_task_is_that_task():
    one = accuracy([1, 1, 0, 1])
    mean = mean_of([one, accuracy([])])
    assert (mean.value, mean.n) == (one.value, one.n) and mean.ci95 == pytest.approx(one.ci95)


def test_several_prompts_on_the_same_questions_are_no_more_questions():
    one, other = accuracy([1, 1, 1, 1, 0]), accuracy([1, 1, 0, 0, 0])
    mean = mean_of_prompts([one, other])
    assert mean.value == pytest.approx(0.6) and mean.n == 5
    assert mean.ci95 == pytest.approx(accuracy([1, 1, 1, 0, 0]).ci95)
    assert mean_of_prompts([one] * 4) == one and mean_of_prompts([accuracy([])] * 2) == accuracy([])


def test_the_mean_of_perfect_tasks_still_has_an_interval():
    mean = mean_of([accuracy([1] * 10)] * 4)
    low = accuracy([1] * 10).ci95[0]
    assert mean.value == 1.0 and mean.ci95 == pytest.approx((1 - (1 - low) / 2, 1.0))  # sqrt(4 d^2) / 4 = d / 2


def test_the_interval_of_a_mean_covers_the_truth_about_19_times_in_20():
    dice, truth = random.Random(0), (0.3, 0.6, 0.9)
    covered = 0
    for _ in range(2000):
        mean = mean_of([accuracy([dice.random() < p for _ in range(40)]) for p in truth])
        covered += mean.ci95[0] <= sum(truth) / 3 <= mean.ci95[1]
    assert 0.93 < covered / 2000 < 0.97


def test_the_mean_over_nothing_is_nothing():
    assert mean_of([]) == Estimate(None, 0, (0.0, 1.0))


@pytest.mark.parametrize(
    "gained, lost, p",
    [
        (9, 1, 22 / 1024),
        (1, 9, 22 / 1024),
        (5, 0, 2 / 32),
        (6, 0, 2 / 64),
        (0, 0, 1.0),
        (4, 4, 1.0),
        (10, 2, 2 * 79 / 4096),
    ],
)
def test_mcnemar_by_hand(gained, lost, p):
    assert mcnemar(gained, lost) == pytest.approx(p)


def test_mcnemar_agrees_with_scipys_binomial_test():
    from scipy.stats import binomtest

    for gained, lost in [(30, 12), (3, 40), (700, 620)]:
        assert mcnemar(gained, lost) == pytest.approx(binomtest(gained, gained + lost).pvalue)


def _pairs(gained, lost, both, neither):
    outcomes = [(0, 1)] * gained + [(1, 0)] * lost + [(1, 1)] * both + [(0, 0)] * neither
    return dict(enumerate(b for b, _ in outcomes)), dict(enumerate(a for _, a in outcomes))


def test_a_real_gain_is_called_better_with_its_interval():
    comparison = compare(*_pairs(16, 4, 50, 30))
    assert (comparison.difference, comparison.n) == (0.12, 100)
    assert (comparison.gained, comparison.lost) == (16, 4)
    half = 1.96 * math.sqrt((20 / 100 - 0.12**2) / 100)
    assert comparison.ci95 == pytest.approx((0.12 - half, 0.12 + half), abs=0.011)  # steps of 1/100
    low, high = comparison.ci95
    assert comparison.verdict == f"better by 0.12 [{low:.2f}, {high:.2f}], p = 0.012, n = 100"


def test_a_loss_is_called_worse_and_its_interval_keeps_order():
    better, worse = compare(*_pairs(16, 4, 50, 30)), compare(*_pairs(4, 16, 50, 30))
    assert worse.difference == -better.difference and worse.p_value == better.p_value
    low, high = worse.ci95
    assert -0.22 < low < high < 0
    assert worse.verdict == f"worse by 0.12 [{-high:.2f}, {-low:.2f}], p = 0.012, n = 100"


def test_noise_is_called_noise():
    assert compare(*_pairs(7, 4, 40, 49)).verdict == "not distinguishable from noise (p = 0.549, n = 100)"
    assert compare({"q": 1}, {"q": 1}).verdict == "not distinguishable from noise (p = 1.000, n = 1)"


def test_a_tiny_p_is_not_printed_as_zero():
    comparison = compare(*_pairs(30, 0, 35, 35))
    assert comparison.verdict.split("], ")[1] == "p < 0.001, n = 100"
    assert 0 < comparison.as_json()["p_value"] < 1e-8


def test_pairs_are_matched_by_question_and_not_by_order():
    comparison = compare({"a": 1, "b": 0}, {"b": 0, "a": 1})
    assert (comparison.gained, comparison.lost) == (0, 0)


def test_the_bootstrap_is_seeded():
    pairs = _pairs(16, 4, 50, 30)
    assert compare(*pairs, seed=3) == compare(*pairs, seed=3)


@pytest.mark.parametrize("before, after", [({"a": 1}, {"b": 1}), ({"a": 1, "b": 0}, {"a": 1}), ({}, {})])
def test_different_questions_are_not_compared(before, after):
    with pytest.raises(UsageError, match="same questions"):
        compare(before, after)


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


def test_no_seeds_are_an_error():
    with pytest.raises(ValueError):
        over_seeds([])


@pytest.mark.parametrize("n, base", [(30, 0.5), (100, 0.5), (100, 0.8), (250, 0.3)])
def test_the_detectable_difference_is_detected_about_four_times_in_five(n, base):
    difference = minimum_detectable_difference(n, base)
    dice, found, runs = random.Random(n), 0, 3000
    for _ in range(runs):
        before = [dice.random() < base for _ in range(n)]
        after = [dice.random() < base + difference for _ in range(n)]
        gained = sum(b < a for b, a in zip(before, after))
        found += mcnemar(gained, sum(b > a for b, a in zip(before, after))) <= 0.05
    assert found / runs == pytest.approx(0.8, abs=0.025)


def test_the_power_by_hand_of_six_questions():
    # all six must be gained: then p = 2/64 < 0.05; with five p = 2/32 > 0.05
    assert power_of(6, base=0.0, difference=0.9) == pytest.approx(0.9**6)


def test_more_questions_and_correlated_answers_show_smaller_differences():
    few, many = minimum_detectable_difference(50), minimum_detectable_difference(500)
    assert many < few and minimum_detectable_difference(50, correlation=0.6) < few
    approximation = (1.96 + 0.84) * math.sqrt(0.5 / 500)  # two independent halves, without the exact test's caution
    assert many == pytest.approx(approximation, rel=0.08)


def test_five_questions_can_show_nothing_and_a_perfect_prompt_cannot_gain():
    assert minimum_detectable_difference(5) is None
    assert minimum_detectable_difference(100, base=1.0) is None
