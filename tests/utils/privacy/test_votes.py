"""Randomized response of k choices, and the estimate of the true shares."""

import math
import random

import pytest

from utils.privacy.votes import randomized_response, vote_shares


@pytest.mark.parametrize("k, epsilon", [(2, 1.0), (3, 0.5), (5, 2.0)])
def test_the_most_revealing_answer_is_e_to_the_epsilon_times_as_probable_under_its_true_choice(k, epsilon):
    rng, draws = random.Random(1), 40_000
    shares = [
        [answers.count(answer) / draws for answer in range(k)]
        for answers in ([randomized_response(choice, k, epsilon, rng) for _ in range(draws)] for choice in range(k))
    ]
    for answer in range(k):
        column = [shares[choice][answer] for choice in range(k)]
        assert column.index(max(column)) == answer
        for choice in {*range(k)} - {answer}:
            assert column[answer] / column[choice] == pytest.approx(math.exp(epsilon), rel=0.08)


def test_for_two_choices_it_is_warners_randomized_response():
    rng = random.Random(2)
    true = sum(randomized_response(1, 2, math.log(3), rng) for _ in range(20_000)) / 20_000
    assert true == pytest.approx(0.75, abs=0.02)


def test_the_estimated_shares_are_those_of_the_true_votes_on_average():
    rng, true = random.Random(3), [0] * 60 + [1] * 30 + [2] * 10
    estimates = [vote_shares([randomized_response(vote, 3, 1.0, rng) for vote in true], 3, 1.0) for _ in range(400)]
    means = [sum(column) / len(column) for column in zip(*estimates, strict=True)]
    assert means == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    assert all(sum(each) == pytest.approx(1.0) for each in estimates)


def test_a_vote_on_one_choice_reveals_nothing_and_no_votes_give_no_shares():
    assert randomized_response(0, 1, 0.5, random.Random(0)) == 0
    assert vote_shares([], 3, 1.0) == [0.0, 0.0, 0.0]
