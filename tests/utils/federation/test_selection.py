"""Client selections."""

import random
from types import SimpleNamespace

import pytest
import toy

from utils.federation.evaluation import prompt_id
from utils.federation.selection import SELECTIONS, History, history_of, selection
from utils.federation.update import Step, StepResult, Update

CLIENTS = [SimpleNamespace(number=number, samples=[None] * 10) for number in range(5)]


def chosen(name, history, count=2, round_number=1, seed=0):
    """Return the numbers of the chosen clients."""
    clients = selection(name)(round_number, CLIENTS, dict(enumerate(history)), count, random.Random(seed))
    return [client.number for client in clients]


def known(*accuracies):
    """Return the history of clients with one upload each, or none if the accuracy is None."""
    return [History(10, () if value is None else (1,), value) for value in accuracies]


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_selection_returns_distinct_clients_that_the_generator_decides(name, count):
    history = known(0.2, None, 0.5, 1.0, 0.5)
    for seed in range(10):
        numbers = chosen(name, history, count, 3, seed)
        assert len(set(numbers)) == len(numbers) == count
        assert numbers == chosen(name, history, count, 3, seed)


def test_round_robin_takes_all_clients_equally_often_whatever_their_accuracy():
    rounds = [chosen("round_robin", known(1.0, None, 0.0, 0.5, 0.5), round_number=number) for number in range(1, 6)]
    assert rounds == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]


def test_loss_takes_the_candidates_of_highest_loss_and_unknown_ones_first():
    history = known(0.1, 0.9, None, 0.2, 0.8)
    for seed in range(10):  # six candidates are wanted of five clients: all are candidates
        assert chosen("loss", history, 3, seed=seed) == [2, 0, 3]


def test_loss_draws_its_candidates_by_their_number_of_questions():
    equal = [History(n, (1,), 0.5) for n in (900, 25, 25, 25, 25)]
    first = sum(0 in chosen("loss", equal, 1, seed=seed) for seed in range(200))
    best = known(0.0, 1.0, 1.0, 1.0, 1.0)
    found = sum(chosen("loss", best, 1, seed=seed) == [0] for seed in range(200))
    assert first > 150, "the largest client is nearly always drawn first"
    assert 50 < found < 110, "the client of highest loss is one of two candidates in two of five rounds"


def test_uncertain_takes_unknown_clients_then_those_nearest_one_half():
    history = known(0.0, 0.6, None, 0.3, 1.0)
    assert chosen("uncertain", history, 3) == [2, 1, 3]


def test_uncertain_prefers_fewer_uploads_among_equal_accuracies():
    history = [History(10, tuple(range(1, count + 1)), 0.5) for count in (3, 2, 5, 1, 4)]
    assert chosen("uncertain", history, 2) == [3, 1]


def test_the_history_needs_only_the_counts_that_a_site_sends():
    kept = Step(1, 0.25, 0.75, 4, StepResult.ACCEPTED, "", "")
    rejected = Step(2, 0.5, 0.25, 4, StepResult.REJECTED, "", "")
    uploads = [Update(0, "", "", (kept,)), Update(1, "", "", (kept, rejected)), Update(2, "", "", ())]
    history = history_of(CLIENTS, [(1, update) for update in uploads])
    assert [history[number].accuracy for number in range(4)] == [0.75, 0.5, None, None]
    assert [history[number].rounds for number in range(4)] == [(1,), (1,), (1,), ()]


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_run_with_any_selection_is_deterministic_and_broadcasts_to_the_chosen_clients(tmp_path, name):
    options = ("--select_clients", name, "--num_clients", "4", "--client_fraction", "0.5", "--local_steps", "1")
    runs = [toy.train(toy.config(tmp_path, *options, "--rounds", "3"))[0] for _ in range(2)]
    sampled = [[each.sampled for each in result.rounds[1:]] for result in runs]
    assert sampled[0] == sampled[1] and all(len(numbers) == 2 for numbers in sampled[0])
    for each in runs[0].rounds[1:]:
        assert [update.client for update in each.updates] == each.sampled
        assert {update.started for update in each.updates} == {prompt_id(each.broadcast[0])}
    if name != "random":
        assert sorted(sampled[0][0] + sampled[0][1]) == [0, 1, 2, 3], "all clients take part before one does again"
