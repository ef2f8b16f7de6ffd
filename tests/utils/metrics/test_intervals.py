"""Accuracies and their intervals, checked by hand, by scipy and by simulation."""

import random
import subprocess
import sys

import pytest

from utils.metrics.intervals import Estimate, accuracy, mean_of, mean_of_prompts


def test_wilson_interval_of_eight_in_ten():
    estimate = accuracy([1] * 8 + [0] * 2)
    assert estimate.value == 0.8 and estimate.n == 10
    assert estimate.ci95 == pytest.approx((0.4902, 0.9433), abs=5e-5)


@pytest.mark.parametrize("right, n", [(0, 1), (0, 7), (3, 3), (17, 30), (99, 100), (500, 1319)])
def test_wilson_interval_agrees_with_scipy(right, n):
    from scipy.stats import binomtest

    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert accuracy([1] * right + [0] * (n - right)).ci95 == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_all_answers_right_leaves_uncertainty():
    low, high = accuracy([1] * 10).ci95
    assert low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6) and high == pytest.approx(1.0)


def test_no_questions_give_no_value_and_the_full_interval():
    assert accuracy([]) == Estimate(None, 0, (0.0, 1.0))
    assert accuracy([]).as_json() == {"value": None, "n": 0, "ci95": [0.0, 1.0]}
    assert str(accuracy([])) == "no questions"


def test_a_score_that_is_neither_0_nor_1_is_rejected():
    with pytest.raises(ValueError, match="0.5"):
        accuracy([1, 0.5])


def test_an_estimate_survives_json_and_prints_on_one_line():
    estimate = accuracy([1, 1, 0])
    assert estimate.as_json() == {"value": 0.6667, "n": 3, "ci95": [0.2077, 0.9385]}
    assert Estimate.from_json(estimate.as_json()).as_json() == estimate.as_json()
    assert str(estimate) == "0.67 [0.21, 0.94], n = 3"


def test_accuracy_does_not_import_scipy():
    code = (
        "import sys; from utils.metrics.intervals import accuracy; accuracy([1, 0]); assert 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_task_has_the_same_weight_in_the_mean():
    mean = mean_of([accuracy([1] * 10), accuracy([0] * 90)])
    assert mean.value == 0.5 and mean.n == 100


def test_the_mean_of_one_task_is_that_task():
    one = accuracy([1, 1, 0, 1])
    mean = mean_of([one, accuracy([])])
    assert (mean.value, mean.n) == (one.value, one.n) and mean.ci95 == pytest.approx(one.ci95)


def test_several_prompts_on_the_same_questions_do_not_add_questions():
    one, other = accuracy([1, 1, 1, 1, 0]), accuracy([1, 1, 0, 0, 0])
    mean = mean_of_prompts([one, other])
    assert mean.value == pytest.approx(0.6) and mean.n == 5
    assert mean.ci95 == pytest.approx(accuracy([1, 1, 1, 0, 0]).ci95)
    assert mean_of_prompts([one] * 4) == one and mean_of_prompts([accuracy([])] * 2) == accuracy([])


def test_the_mean_of_perfect_tasks_still_has_an_interval():
    mean = mean_of([accuracy([1] * 10)] * 4)
    low = accuracy([1] * 10).ci95[0]
    assert mean.value == 1.0 and mean.ci95 == pytest.approx((1 - (1 - low) / 2, 1.0))  # sqrt(4 d^2) / 4 = d / 2


def test_the_interval_of_a_mean_covers_the_truth_in_95_percent_of_runs():
    rng, truth = random.Random(0), (0.3, 0.6, 0.9)
    covered = 0
    for _ in range(2000):
        mean = mean_of([accuracy([rng.random() < p for _ in range(40)]) for p in truth])
        covered += mean.ci95[0] <= sum(truth) / 3 <= mean.ci95[1]
    assert 0.93 < covered / 2000 < 0.97


def test_the_mean_of_no_tasks_is_unknown():
    assert mean_of([]) == Estimate(None, 0, (0.0, 1.0))
