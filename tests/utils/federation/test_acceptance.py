"""Acceptance rules."""

import random

import pytest

from utils.federation.acceptance import RULES, acceptance_rule


class Further:
    """Further questions with known outcomes."""

    def __init__(self, pairs=()):
        self.pairs, self.asked = list(pairs), 0

    @property
    def left(self):
        return len(self.pairs)

    def __call__(self, count=None):
        count = len(self.pairs) if count is None else count
        taken, self.pairs = self.pairs[:count], self.pairs[count:]
        self.asked += len(taken)
        return taken


GAIN, LOSS, TIE = (0, 1), (1, 0), (0, 0)


@pytest.mark.parametrize(
    "before, after, kept_by",
    [
        (0, 1, {"not_worse", "better", "better_or_solved"}),
        (1, 1, {"not_worse"}),
        (2, 1, set()),
        (3, 3, {"not_worse", "better_or_solved"}),
        (0, 0, {"not_worse"}),
        (2, 3, {"not_worse", "better", "better_or_solved"}),
    ],
)
def test_a_rule_on_the_minibatch_keeps_a_rewrite_by_its_right_answers(before, after, kept_by):
    outcomes = [[1] * right + [0] * (3 - right) for right in (before, after)]
    further = Further([GAIN, LOSS])
    for rule in ("not_worse", "better", "better_or_solved"):
        assert acceptance_rule(rule)(*outcomes, further) is (rule in kept_by)
    assert further.asked == 0


@pytest.mark.parametrize(
    "before, after, further, kept, asked",
    [
        ([0, 0, 1], [1, 0, 1], [TIE, TIE], True, 2),
        ([0, 0, 1], [1, 0, 1], [TIE, LOSS], False, 2),
        ([0, 0, 1], [0, 0, 1], [TIE, GAIN], True, 2),
        ([0, 0, 1], [0, 0, 1], [TIE, TIE], False, 2),
        ([1, 0, 1], [0, 0, 1], [GAIN, GAIN], False, 0),
    ],
)
def test_holdout_keeps_what_helps_on_all_questions_and_hurts_on_neither_set(before, after, further, kept, asked):
    questions = Further(further)
    assert acceptance_rule("holdout")(before, after, questions) is kept
    assert questions.asked == asked


@pytest.mark.parametrize(
    "before, after, further, kept, asked",
    [
        ([0, 0, 0, 0], [1, 1, 1, 1], [LOSS] * 8, True, 0),  # 4 : 0, decided
        ([1, 1, 1, 1], [0, 0, 0, 0], [GAIN] * 8, False, 0),
        ([0, 0, 1], [1, 1, 1], [GAIN, GAIN, TIE, LOSS, LOSS], True, 3),
        ([0, 0, 1], [1, 0, 1], [TIE] * 7, True, 7),  # the end: 1 : 0
        ([0, 0, 1], [1, 0, 1], [TIE, LOSS, TIE], False, 3),  # 1 : 1
        ([0, 0, 1], [0, 0, 1], [], False, 0),
    ],
)
def test_paired_asks_until_the_test_decides_and_then_follows_the_majority(before, after, further, kept, asked):
    questions = Further(further)
    assert acceptance_rule("paired")(before, after, questions) is kept
    assert questions.asked == asked


@pytest.mark.parametrize(
    "before, after, further, kept, asked",
    [
        ([0, 0, 1], [1, 0, 1], [GAIN] * 30, True, 6),
        ([0, 0, 1], [1, 0, 1], [LOSS] * 30, False, 6),
        ([0, 0, 1], [0, 0, 1], [GAIN, TIE, TIE, TIE], True, 4),  # the last question could make it a tie
        ([0, 0, 1], [0, 0, 1], [GAIN, GAIN, TIE, LOSS], True, 3),  # it could not
        ([0, 0, 1], [1, 0, 1], [GAIN, LOSS] * 4, True, 8),  # a tie, and the minibatch rose
        ([0, 0, 1], [0, 0, 1], [TIE] * 8, False, 8),
        ([1, 0, 1], [0, 0, 1], [GAIN] * 8, False, 0),
        ([0, 0, 1], [1, 0, 1], [], True, 0),
    ],
)
def test_race_stops_asking_when_the_further_questions_have_decided(before, after, further, kept, asked):
    questions = Further(further)
    assert acceptance_rule("race")(before, after, questions) is kept
    assert questions.asked == asked


def test_race_keeps_what_holdout_keeps_with_fewer_questions():
    rng, asked, different = random.Random(1), 0, 0
    for _ in range(200):
        outcomes = [GAIN, GAIN, LOSS, TIE] if rng.random() < 0.7 else [LOSS, TIE]
        pairs = rng.choices(outcomes, k=60)
        questions = Further(pairs)
        raced = acceptance_rule("race")([0, 1, 1], [1, 1, 1], questions)
        different += raced is not acceptance_rule("holdout")([0, 1, 1], [1, 1, 1], Further(pairs))
        asked += questions.asked
    assert different <= 200 * 0.1 and asked < 0.6 * 200 * 60


@pytest.mark.parametrize(
    "before, after, kept_by",
    [
        ([0.2, 0.5], [0.3, 0.5], {"not_worse", "better", "better_or_solved", "holdout", "paired", "race"}),
        ([0.5, 0.5], [0.5, 0.4], set()),
        ([0.9, 0.9], [0.9, 0.9], {"not_worse"}),  # not solved
        ([1, 1.0], [1, 1.0], {"not_worse", "better_or_solved"}),
        ([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], {"not_worse"}),  # equal in spite of rounding
        ([0.9, 0, 0], [0, 0.1, 0.1], set()),  # two answers are better, and the total is worse
    ],
)
def test_graded_scores_are_compared_by_their_total(before, after, kept_by):
    for rule in RULES:
        assert acceptance_rule(rule)(before, after, Further()) is (rule in kept_by), rule


def test_paired_tests_graded_changes():
    further = Further([(0.5, 0.6)] * 8)
    assert acceptance_rule("paired")([0.1, 0.2, 0.3], [0.2, 0.3, 0.4], further) is True
    assert further.asked == 3, "six equal changes decide"


def test_no_rule_but_not_worse_keeps_a_tie_of_wrong_answers():
    for rule in RULES:
        assert acceptance_rule(rule)([0, 0, 1], [0, 1, 0], Further()) is (rule == "not_worse")
