"""Paired comparisons, checked by hand and by scipy."""

import itertools
import math

import pytest

from textgrad.errors import UsageError
from utils.metrics.paired import compare, flip_signs, mcnemar


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


def test_mcnemar_agrees_with_the_binomial_test_of_scipy():
    from scipy.stats import binomtest

    for gained, lost in [(30, 12), (3, 40), (700, 620)]:
        assert mcnemar(gained, lost) == pytest.approx(binomtest(gained, gained + lost).pvalue)


def _pairs(gained, lost, both, neither):
    outcomes = [(0, 1)] * gained + [(1, 0)] * lost + [(1, 1)] * both + [(0, 0)] * neither
    return dict(enumerate(b for b, _ in outcomes)), dict(enumerate(a for _, a in outcomes))


def test_a_significant_gain_is_reported_as_better_with_its_interval():
    comparison = compare(*_pairs(16, 4, 50, 30))
    assert (comparison.difference, comparison.n) == (0.12, 100)
    assert (comparison.gained, comparison.lost) == (16, 4)
    half = 1.96 * math.sqrt((20 / 100 - 0.12**2) / 100)
    assert comparison.ci95 == pytest.approx((0.12 - half, 0.12 + half), abs=0.011)  # steps of 1/100
    low, high = comparison.ci95
    assert comparison.verdict == f"better by 0.12 [{low:.2f}, {high:.2f}], p = 0.012, n = 100"


def test_a_significant_loss_is_reported_as_worse_with_an_ordered_interval():
    better, worse = compare(*_pairs(16, 4, 50, 30)), compare(*_pairs(4, 16, 50, 30))
    assert worse.difference == -better.difference and worse.p_value == better.p_value
    low, high = worse.ci95
    assert -0.22 < low < high < 0
    assert worse.verdict == f"worse by 0.12 [{-high:.2f}, {-low:.2f}], p = 0.012, n = 100"


def test_several_prompts_are_compared_by_their_mean():
    before = dict.fromkeys(range(10), 0)
    better, same = dict.fromkeys(range(10), 1), dict(before)
    mean = compare(before, better, same)
    assert (mean.difference, mean.ci95, mean.n) == (0.5, (0.5, 0.5), 10)
    assert (mean.gained, mean.lost, mean.p_value) == (10, 0, 2 / 1024)
    opposite = compare({0: 0, 1: 1}, {0: 1, 1: 0}, {0: 0, 1: 1})
    assert (opposite.difference, opposite.p_value) == (0, 1)


def test_equal_prompts_are_compared_like_one():
    before, after = _pairs(16, 4, 50, 30)
    one, three = compare(before, after), compare(before, after, after, after)
    assert three.difference == one.difference and three.p_value == pytest.approx(one.p_value)
    assert three.ci95 == pytest.approx(one.ci95, abs=0.011)


def test_the_test_that_flips_signs_agrees_with_all_flips():
    changes = [3, -1, 2, 0, 1, 2]
    sums = [sum(s * c for s, c in zip(signs, changes, strict=True)) for signs in itertools.product((1, -1), repeat=6)]
    assert flip_signs(changes) == pytest.approx(sum(abs(each) >= 7 for each in sums) / len(sums))
    assert flip_signs([]) == flip_signs([0, 0]) == 1
    assert flip_signs([1] * 9 + [-1]) == pytest.approx(mcnemar(9, 1))


def test_few_fractions_are_tested_with_all_flips():
    changes = [0.3, -0.1, 0.25, 0, 0.1, 0.2]
    sums = [sum(s * c for s, c in zip(signs, changes, strict=True)) for signs in itertools.product((1, -1), repeat=6)]
    assert flip_signs(changes) == pytest.approx(sum(abs(each) >= 0.75 - 1e-9 for each in sums) / len(sums))
    assert flip_signs([0.5] * 9 + [-0.5]) == pytest.approx(mcnemar(9, 1))
    assert flip_signs([0.1, 0.2, -0.3]) == 1, "a sum of zero in spite of rounding"


def test_many_fractions_are_tested_with_seeded_random_flips():
    from scipy.stats import permutation_test

    changes = [0.01 * (number % 7) - 0.013 for number in range(30)]
    expected = permutation_test((changes, [0] * 30), lambda x, y: sum(x) - sum(y), permutation_type="samples", rng=1)
    assert flip_signs(changes) == pytest.approx(expected.pvalue, abs=0.01)
    assert flip_signs(changes) == flip_signs(changes) != flip_signs(changes, seed=1)
    assert flip_signs([0.5] * 40) == 1 / 10_001, "never zero"


def test_graded_scores_are_compared_by_their_mean():
    before = dict(enumerate([0.2, 0.4, 0.5, 1, 0, 0.1]))
    after = dict(enumerate([0.7, 0.9, 1.0, 1, 0.5, 0]))
    comparison = compare(before, after)
    assert comparison.difference == pytest.approx(1.9 / 6)
    assert (comparison.gained, comparison.lost, comparison.n) == (4, 1, 6)
    assert comparison.p_value == pytest.approx(flip_signs([0.5, 0.5, 0.5, 0.5, -0.1])) == pytest.approx(4 / 32)
    low, high = comparison.ci95
    assert 0.05 < low < 0.2 and 0.4 < high <= 0.5
    mean = compare(before, after, after)
    assert mean.difference == pytest.approx(comparison.difference)
    assert mean.p_value == pytest.approx(comparison.p_value)


def test_scores_of_0_and_1_are_compared_alike_whatever_their_type():
    before, after = _pairs(16, 4, 50, 30)
    as_floats = [{question: float(score) for question, score in side.items()} for side in (before, after)]
    assert compare(*as_floats) == compare(before, after)


def test_an_insignificant_difference_is_reported_as_noise():
    assert compare(*_pairs(7, 4, 40, 49)).verdict == "not distinguishable from noise (p = 0.549, n = 100)"
    assert compare({"q": 1}, {"q": 1}).verdict == "not distinguishable from noise (p = 1.000, n = 1)"


def test_a_tiny_p_is_not_printed_as_zero():
    comparison = compare(*_pairs(30, 0, 35, 35))
    assert comparison.verdict.split("], ")[1] == "p < 0.001, n = 100"
    assert 0 < comparison.as_json()["p_value"] < 1e-8


def test_answers_are_paired_by_question_instead_of_order():
    comparison = compare({"a": 1, "b": 0}, {"b": 0, "a": 1})
    assert (comparison.gained, comparison.lost) == (0, 0)


def test_the_bootstrap_is_seeded():
    pairs = _pairs(16, 4, 50, 30)
    assert compare(*pairs, seed=3) == compare(*pairs, seed=3)


@pytest.mark.parametrize("before, after", [({"a": 1}, {"b": 1}), ({"a": 1, "b": 0}, {"a": 1}), ({}, {})])
def test_comparing_different_questions_raises_an_error(before, after):
    with pytest.raises(UsageError, match="same questions"):
        compare(before, after)


@pytest.mark.parametrize("prompts", [1, 2, 3])
def test_several_prompts_are_tested_per_question_and_not_per_answer(prompts):
    before, after = _pairs(9, 1, 5, 5)
    comparison = compare(before, *[after] * prompts)
    changes = [prompts * (after[question] - before[question]) for question in before]
    assert comparison.p_value == pytest.approx(flip_signs(changes)) == pytest.approx(mcnemar(9, 1))
