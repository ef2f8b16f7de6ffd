"""Candidate merges that the clients of a round score, with counts or with noisy votes."""

import pytest
import toy

from textgrad.engine.base import ChatEngine, Reply
from textgrad.errors import UsageError
from textgrad.tokens import estimate_tokens
from utils.aggregation.client_scores import ClientScores, Counts, Vote
from utils.aggregation.merging import Merging
from utils.aggregation.methods import union, validated
from utils.aggregation.upload import Upload
from utils.federation.result import Round
from utils.run_log.client_scores_record import votes_record
from utils.run_log.problems import problems
from utils.run_log.results import summarize

OPTIONS = ("--aggregate_method", "validated", "--score_by", "clients", "--rounds", "1", "--val_size", "9")


def run(tmp_path, *more, prepare=lambda engines, test, evaluation: None, engine="simulated:topics=4,forget=0.3"):
    return toy.train(toy.config(tmp_path, *OPTIONS, *more, engine=engine), prepare)


def merging(ask, **options):
    return Merging(None, 500, ask_clients=ask, **options)


def test_scores_are_the_accuracy_over_the_questions_of_all_clients_together():
    answers = {0: Counts((3.0, 1.0), 3), 1: Counts((0.0, 1.0), 1)}
    assert ClientScores(("a", "b"), answers).scores == [0.75, 0.5]
    assert ClientScores(("a", "b"), {}, {0: "late"}).scores == [0.0, 0.0]


def test_scores_of_votes_are_estimated_shares():
    votes = ClientScores(("a", "b"), {0: Vote(1), 1: Vote(1), 2: Vote(0)}, epsilon=50.0)
    assert votes.scores == pytest.approx([1 / 3, 2 / 3])


def test_if_all_clients_answer_they_select_what_the_server_selects(tmp_path):
    by_clients, federation, _, _ = run(tmp_path)
    by_server, *_ = run(tmp_path, "--score_by", "server")
    assert [each.prompts for each in by_clients.rounds] == [each.prompts for each in by_server.rounds]
    assert by_server.rounds[1].client_scores == ()
    (asked,) = by_clients.rounds[1].client_scores
    assert len(asked.prompts) > 1
    assert {client: answer.n for client, answer in asked.answers.items()} == {0: 3, 1: 3, 2: 3}
    shards = [shard["sums"] for shard in federation.shards]
    for client, shard in zip(federation.clients, shards, strict=True):
        assert [sample.number for sample in client.validation] == shard
        assert {sample.split for sample in client.validation} == {"val"}


def test_a_client_that_answers_no_question_right_lowers_the_score_of_every_candidate(tmp_path):
    class Wrong(ChatEngine):
        model_string, endpoint = "wrong", "here"

        def complete(self, messages, sampling):
            return Reply("Answer: none")

    def prepare(engines, test, evaluation):
        good = engines.gateway.route(test, "test", engines.test.sampling)
        engines.clients = [good, good, engines.gateway.route(Wrong(), "test", engines.test.sampling)]

    (asked,) = run(tmp_path, prepare=prepare)[0].rounds[1].client_scores
    assert asked.answers[2] == Counts((0.0,) * len(asked.prompts), 3) and max(asked.scores) <= 2 / 3
    assert any(asked.answers[0].right)


def test_a_client_without_validation_questions_is_left_out_and_named(tmp_path):
    options = ("--num_clients", "3", "--val_size", "2")
    result, federation, _, _ = run(tmp_path, *options)
    (asked,) = result.rounds[1].client_scores
    (missing,) = asked.missing
    assert federation.shards[missing] == {"sums": []} and asked.missing[missing] == "failed: no validation questions"
    assert sorted([missing, *asked.answers]) == [0, 1, 2]
    (line,) = [line for line in problems(summarize(federation, result)) if "did not score" in line]
    assert line == (f"candidates that client {missing} did not score: 1 of 1 (100%): 1 failed: no validation questions")


def test_only_clients_that_uploaded_are_asked(tmp_path):
    result, *_ = run(tmp_path, "--num_clients", "5", "--drop_rate", "0.3", "--train_size", "30", "--rounds", "2")
    assert any(each.dropped for each in result.rounds), "this seed drops a client"
    for each in result.rounds[1:]:
        for asked in each.client_scores:
            assert asked.asked == [update.client for update in each.updates]


def test_votes_are_reproducible_and_their_privacy_is_stated(tmp_path):
    result, federation, _, _ = run(tmp_path, "--vote_epsilon", "1.5", "--num_clients", "5", "--train_size", "30")
    again, *_ = run(tmp_path, "--vote_epsilon", "1.5", "--num_clients", "5", "--train_size", "30")
    (asked,), (repeated,) = result.rounds[1].client_scores, again.rounds[1].client_scores
    assert asked == repeated and all(isinstance(answer, Vote) for answer in asked.answers.values())
    assert summarize(federation, result)["votes"] == {
        "epsilon_per_vote": 1.5,
        "most_votes_of_a_client": 1,
        "total_epsilon": 1.5,
        "remark": "Uploaded prompts are free text and carry no formal privacy guarantee.",
    }


def test_each_different_vote_of_the_most_asked_client_counts_once():
    def finished(*asked):
        each = Round(1)
        each.merge = type("Merge", (), {"client_scores": asked})
        return each

    first, second = ClientScores(("a", "b"), {0: Vote(0)}, {1: "late"}, 0.5), ClientScores(("a", "c"), {1: Vote(1)})
    record = votes_record(0.5, [finished(first), finished(first, second)])["votes"]
    assert (record["most_votes_of_a_client"], record["total_epsilon"]) == (2, 1.0), "client 1, once late"
    assert votes_record(0.5, [])["votes"]["total_epsilon"] == 0.0 and votes_record(0.0, [finished(first)]) == {}


def test_candidates_and_answers_count_as_communication(tmp_path):
    result, federation, _, _ = run(tmp_path)
    finished = result.rounds[1]
    (asked,) = finished.client_scores
    traffic = summarize(federation, result)["communication"]["rounds"][0]["clients"]["0"]
    down, up = [finished.broadcast[0], *asked.prompts], [finished.updates[0].prompt, str(asked.answers[0])]
    assert (traffic["down_messages"], traffic["up_messages"]) == (2, 2)
    assert traffic["down_tokens"] == sum(map(estimate_tokens, down))
    assert traffic["up_bytes"] == sum(len(text.encode()) for text in up)
    assert str(Counts((2.0, 2.5), 3)) == "2/3 2.5/3" and str(Vote(4)) == "4"


def test_ties_of_a_union_are_settled_by_one_request_to_the_clients():
    asked = []

    def ask(prompts):
        asked.append(prompts)
        return ClientScores(prompts, {0: Counts(tuple(float("answer B4" in prompt) for prompt in prompts), 1)})

    rules = [f"If it is about a ticket, answer {answer}." for answer in ("K7", "B4")]
    uploads = [Upload(*each) for each in enumerate(rules)]
    tools = merging(ask)
    merged = union.merge(uploads, tools)
    assert "B4" in merged and "K7" not in merged
    assert [len(prompts) for prompts in asked] == [2] and [each.prompts for each in tools.client_scores] == asked


def test_equal_candidates_are_not_put_to_the_vote():
    def fail(prompts):
        raise AssertionError("asked")

    uploads = [Upload(0, "Add."), Upload(1, "Count.")]
    assert validated.merge(uploads, merging(fail, candidates=1)) == "Add.\n\nFurther instructions:\nCount."


def test_one_candidate_alone_cannot_be_scored_by_votes():
    with pytest.raises(UsageError, match="the aggregator must use `scores`"):
        merging(lambda prompts: ClientScores(prompts, {}), vote_epsilon=1.0).score("Add.")
