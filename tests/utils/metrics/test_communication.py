"""Traffic of a federation: by hand, and in a run."""

import toy

from textgrad.tokens import estimate_tokens
from utils.metrics.communication import Exchanged, communication_record, communication_values
from utils.run_log.results import summarize


def test_tokens_and_bytes_add_up_over_clients_and_rounds():
    rounds = [
        Exchanged({0: [["ab"]], 1: [["ab"]]}, {0: [["äb"]]}),
        Exchanged({0: [["abc"]]}, {0: [["abc"]]}),
    ]
    record = communication_record(rounds)
    first, second = record["rounds"]
    assert first["clients"]["1"] == {
        **{"down_messages": 1, "down_tokens": estimate_tokens("ab"), "down_bytes": 2},
        **{"up_messages": 0, "up_tokens": 0, "up_bytes": 0},
    }
    assert (first["total"]["down_bytes"], first["total"]["up_bytes"]) == (4, 3), "ä has two bytes"
    assert second["cumulative"] == record["total"] and second["total"]["down_bytes"] == 3
    assert record["total"]["down_bytes"] == 7 and record["clients"]["0"]["up_bytes"] == 6
    values = communication_values(record)
    assert values["down_bytes"] == 7 and values["down_bytes_round2"] == 3 and values["down_bytes_until_round1"] == 4
    assert values["up_bytes_client0"] == 6 and values["down_messages_client1"] == 1


def test_a_client_that_drops_out_gets_no_prompt(tmp_path):
    result, federation, *_ = toy.train(toy.config(tmp_path, "--drop_rate", "0.5", "--rounds", "3"))
    dropped = [sorted(each.dropped) for each in result.rounds[1:]]
    assert any(dropped), "this seed drops a client"
    for clients, record in zip(dropped, summarize(federation, result)["communication"]["rounds"], strict=True):
        assert sorted(map(int, record["clients"])) == [client for client in range(3) if client not in clients]


def test_training_without_a_merge_communicates_nothing(tmp_path):
    result, federation, *_ = toy.train(toy.config(tmp_path, "--aggregate_method", "none", "--rounds", "1"))
    assert "communication" not in summarize(federation, result)
