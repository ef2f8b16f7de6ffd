"""The clients of a round: sampling, failures, dropouts, deadlines, quorum."""

import time

import pytest
import toy

from textgrad.engine.base import ChatEngine, Reply
from textgrad.errors import BrokenSystem
from utils.federation.update import NoUpload, NoUploadReason


def broken_for(client, error):
    def prepare(engines, test, evaluation):
        class Broken(ChatEngine):
            model_string, endpoint = "broken", "here"

            def complete(self, messages, sampling):
                raise error

        good = engines.gateway.route(test, "test", engines.test.sampling)
        engines.clients = [good, good, good]
        engines.clients[client] = engines.gateway.route(Broken(), "test", engines.test.sampling)

    return prepare


def test_a_fraction_of_the_clients_is_sampled_by_the_seed(tmp_path):
    options = (
        "--num_clients",
        "10",
        "--client_fraction",
        "0.3",
        "--batch_size",
        "1",
        "--rounds",
        "3",
        "--train_size",
        "20",
    )
    first, _, _, _ = toy.train(toy.config(tmp_path, *options))
    assert [len(finished.sampled) for finished in first.rounds[1:]] == [3, 3, 3]
    assert len({tuple(finished.sampled) for finished in first.rounds[1:]}) > 1
    again, _, _, _ = toy.train(toy.config(tmp_path, *options))
    assert [finished.sampled for finished in again.rounds] == [finished.sampled for finished in first.rounds]
    other, _, _, _ = toy.train(toy.config(tmp_path, *options, "--seed", "7"))
    assert [finished.sampled for finished in other.rounds] != [finished.sampled for finished in first.rounds]


def test_at_least_one_client_is_sampled(tmp_path):
    result, _, _, _ = toy.train(toy.config(tmp_path, "--client_fraction", "0.01", "--rounds", "1"))
    assert len(result.rounds[1].sampled) == 1


def test_a_failing_client_is_dropped_and_the_round_continues(tmp_path):
    result, _, _, _ = toy.train(toy.config(tmp_path), broken_for(1, ValueError("no disk at this site")))
    for finished in result.rounds[1:]:
        assert finished.dropped == {1: NoUpload(NoUploadReason.FAILED, "ValueError", "no disk at this site")}
        assert str(finished.dropped[1]) == "failed: ValueError: no disk at this site"
        assert [update.client for update in finished.updates] == [0, 2]
        assert finished.merge is not None


@pytest.mark.parametrize("error", [TypeError("no such argument"), ImportError("no such module"), AttributeError("x")])
def test_a_programming_error_stops_the_run_with_its_cause(tmp_path, error):
    cause = (
        f"client 1 trained in round 1: {type(error).__name__}: {error} .tests/utils/federation/test_exchange.py, line"
    )
    with pytest.raises(BrokenSystem, match=cause) as caught:
        toy.train(toy.config(tmp_path), broken_for(1, error))
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("text", ["late", "failed: KeyError", "failed: ValueError: a: b", "dropped out (injected)"])
def test_a_missing_upload_is_read_back_from_its_text(text):
    assert str(NoUpload.from_text(text)) == text


def test_below_the_quorum_the_old_prompt_is_kept_with_the_reason(tmp_path):
    result, _, _, _ = toy.train(toy.config(tmp_path, "--min_clients", "3"), broken_for(1, ValueError("no")))
    for finished in result.rounds[1:]:
        assert (
            finished.prompts == finished.broadcast
            and finished.quorum_missed
            and finished.kept_old_reason == "2 uploads, 3 needed"
        )


def test_the_seed_determines_simulated_dropouts(tmp_path):
    options = ("--num_clients", "8", "--batch_size", "1", "--drop_rate", "0.5", "--rounds", "3")
    first, _, _, _ = toy.train(toy.config(tmp_path, *options))
    dropped = [sorted(finished.dropped) for finished in first.rounds]
    assert 4 <= sum(map(len, dropped)) <= 20 and len(set(map(tuple, dropped))) > 2
    again, _, _, _ = toy.train(toy.config(tmp_path, *options))
    assert [sorted(finished.dropped) for finished in again.rounds] == dropped


def test_a_round_continues_without_a_late_client_and_stores_who_was_late(tmp_path):
    def slow(engines, test, evaluation):
        class Slow(ChatEngine):
            model_string, endpoint = "slow", "here"

            def complete(self, messages, sampling):
                time.sleep(30)
                return Reply("never")

        good = engines.gateway.route(test, "test", engines.test.sampling)
        engines.clients = [good, good, engines.gateway.route(Slow(), "test", engines.test.sampling)]

    result, federation, _, _ = toy.train(toy.config(tmp_path, "--round_deadline", "1", "--rounds", "1"), slow)
    assert result.rounds[1].dropped == {2: NoUpload(NoUploadReason.LATE)} and len(result.rounds[1].updates) == 2
    assert federation.engines.gateway.get_metadata({"late in round": 1, "seed": 42}) == [2]
