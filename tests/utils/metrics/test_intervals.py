"""Accuracies and their intervals, checked by hand, by scipy and by simulation."""

import random
import subprocess
import sys

import pytest

from utils.metrics.intervals import Estimate, accuracy, mean_of, mean_of_prompts, total_of


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


def test_a_score_outside_0_and_1_is_rejected():
    for outside in (2, -0.5, float("nan")):
        with pytest.raises(ValueError, match=str(outside)):
            accuracy([1, outside])


def test_graded_scores_give_their_mean_with_a_bootstrap_interval():
    from scipy.stats import bootstrap

    rng = random.Random(1)
    scores = [rng.random() ** 2 for _ in range(40)]
    estimate = accuracy(scores)
    assert estimate.value == pytest.approx(sum(scores) / 40) and estimate.n == 40
    expected = bootstrap((scores,), lambda x, axis: x.mean(axis), method="percentile", random_state=2)
    low, high = expected.confidence_interval
    assert estimate.ci95 == pytest.approx((low, high), abs=0.01)
    assert accuracy(scores) == estimate, "the interval is deterministic"


def test_the_bootstrap_interval_covers_a_mean_score():
    rng, covered = random.Random(0), 0
    for _ in range(300):
        low, high = accuracy([rng.choice((0, 0.25, 0.5, 1)) for _ in range(30)]).ci95
        covered += low <= 1.75 / 4 <= high
    assert 0.91 < covered / 300 < 0.98


def test_scores_of_0_and_1_keep_wilsons_interval_whatever_their_type():
    assert accuracy([1.0, 0.0, 1.0]) == accuracy([1, 0, 1])


def test_equal_graded_scores_leave_uncertainty():
    low, high = accuracy([0.5] * 4).ci95
    assert low < 0.2 and high > 0.8


def test_a_long_list_of_different_scores_is_resampled_in_parts(monkeypatch):
    from utils.metrics import intervals

    scores = [number / 100 for number in range(100)]
    whole = accuracy(scores)
    monkeypatch.setattr(intervals, "_CELLS", 100_000)
    assert accuracy(scores) == whole


def test_minibatches_add_up_to_their_right_answers():
    assert total_of([(1 / 3, 3), (2 / 3, 3), (0.1, 10)]) == (4, 16)
    assert total_of([(0.25, 2), (0.5, 1)]) == (1.0, 3) and total_of([]) == (0, 0)


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
