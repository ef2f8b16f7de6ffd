"""The server's part of a round: what is recorded about a merge describes the prompt that is broadcast next."""

import pytest
import toy

from textgrad.concurrency import current_scope
from textgrad.tokens import estimate_tokens
from utils.federation import merge
from utils.federation.result import overall
from utils.federation.scoring import Evaluation, score_prompts
from utils.metrics.retention import retention_by_client

FORGETFUL = "simulated:topics=4,forget=1,base=0"


def rounds_of(tmp_path, *more):
    result, *_ = toy.train(toy.config(tmp_path, *more, engine=FORGETFUL))
    return [each for each in result.rounds if each.merge]


def measured(each):
    uploads = {update.client: update.prompt for update in each.updates}
    return retention_by_client(uploads, each.broadcast[0], each.merge.prompt)


def test_retention_is_measured_again_after_a_repair(tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "repair", lambda engine, prompt, lost, budget: "\n".join([prompt, *lost]))
    rounds = rounds_of(tmp_path, "--aggregate_repair")
    repaired = [each for each in rounds if each.repaired]
    assert repaired
    for each in repaired:
        assert each.retention == measured(each)
        assert all(not found.lost for found in each.retention.values())
        assert each.prompts == (each.merge.prompt,) and each.merge.tokens_after == estimate_tokens(each.merge.prompt)


def test_a_repair_that_changes_nothing_is_not_recorded_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "repair", lambda engine, prompt, lost, budget: prompt)
    rounds = rounds_of(tmp_path, "--aggregate_repair")
    assert rounds and not any(each.repaired for each in rounds)
    assert any(found.lost for each in rounds for found in each.retention.values())
    assert all(each.retention == measured(each) for each in rounds)


def test_a_lost_instruction_of_several_clients_is_repaired_once_and_within_the_budget(tmp_path, monkeypatch):
    requests = []

    def record(engine, prompt, lost, budget):
        requests.append((lost, budget))
        return prompt

    monkeypatch.setattr(merge, "repair", record)
    rounds_of(tmp_path, "--aggregate_repair", "--prompt_budget", "700")
    assert requests and all(len(lost) == len(set(lost)) and budget == 700 for lost, budget in requests)


def test_no_repair_is_requested_without_the_option(tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "repair", lambda *_: pytest.fail("a repair was requested"))
    assert not any(each.repaired for each in rounds_of(tmp_path))


def test_a_round_names_the_uploads_that_were_merged_in_the_order_of_the_clients(tmp_path):
    for each in rounds_of(tmp_path):
        assert each.aggregated == [update.prompt for update in each.updates]
        assert each.retention.keys() == {update.client for update in each.updates}


def test_a_candidate_scores_its_validation_accuracy(tmp_path):
    _, federation, *_ = toy.train(toy.config(tmp_path, "--rounds", "1"))
    for prompt in ("Add.", "Add. Lesson topic-0: be careful. Lesson topic-1: be careful."):
        scores = score_prompts(federation, Evaluation("any", "val", (prompt,), federation.engines.test))
        assert merge._validation_accuracy(federation, prompt) == overall(scores).value > 0


def test_the_requests_of_a_merge_have_their_own_place_in_the_run(tmp_path, monkeypatch):
    places = []

    def record(method, uploads, merging):
        places.append(current_scope())
        return aggregate(method, uploads, merging)

    aggregate = merge.aggregate
    monkeypatch.setattr(merge, "aggregate", record)
    rounds_of(tmp_path)
    assert places == [(("round", number), ("aggregate", True)) for number in (1, 2)]  # stored call logs rely on it
