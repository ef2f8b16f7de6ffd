"""A round over Flower as the server sees it, with a fake messenger in place of Flower."""

import pytest
import toy
from fake_messenger import FakeMessenger

from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from utils.aggregation.client_scores import Counts, Vote
from utils.federation.client import Client
from utils.federation.evaluation import prompt_id
from utils.federation.update import NoUpload, NoUploadReason, Update
from utils.flower import records, transport
from utils.flower.messenger import EVALUATE, QUERY, NoAnswer
from utils.flower.site_registry import SiteRegistry


def good_upload(record):
    prompt = records.decode_text(record["prompt"])
    return records.encode_update(Update(record["client"], prompt_id(prompt), prompt + f" by {record['client']}", ()))


# one more than a round has
STEPS = {"before": [0.5] * 3, "after": [0.5] * 3, "n": [3] * 3, "result": ["rejected"] * 3, "kind": [""] * 3}


def connected(tmp_path, messenger, *options, gateway=None):
    """Return the transport and its two clients."""
    config = toy.config(tmp_path, "--flower_wait", "1", *options)
    registry = SiteRegistry(messenger, {}, ("a", "b"), lambda line: None)
    registry.wait_for_sites(2, 1, 1.0)
    gateway = gateway or Gateway(CallLog(tmp_path / "calls.sqlite"))
    clients = [Client(number, [], None, None, 1, 1) for number in range(2)]
    return transport.FlowerTransport(config, gateway, messenger, registry, {}), clients


def exchange(tmp_path, messenger, *options, deadline=None, gateway=None):
    flower, clients = connected(tmp_path, messenger, *options, gateway=gateway)
    return flower.exchange(1, clients, ["old", "old"], deadline)


def score(tmp_path, messenger, *options, gateway=None, prompts=("first", "second")):
    flower, clients = connected(tmp_path, messenger, "--score_by", "clients", *options, gateway=gateway)
    return flower.score(1, clients, prompts)


def counts(record):
    return {"right": [float(len(prompt)) for prompt in record["prompts"]], "n": 9}


@pytest.fixture(autouse=True)
def _poll_often(monkeypatch):
    monkeypatch.setattr(transport, "_POLL_SECONDS", 0.01)


def test_clients_are_found_by_the_names_of_their_sites(tmp_path):
    answers = exchange(tmp_path, FakeMessenger({9: "a", 3: "b"}, {9: good_upload, 3: good_upload}))
    assert [answer.prompt for answer in answers] == ["old by 0", "old by 1"]


def test_a_finished_round_sends_no_prompt_again(tmp_path):
    gateway = Gateway(CallLog(tmp_path / "calls.sqlite"))
    failing = FakeMessenger({1: "a", 2: "b"}, {1: good_upload, 2: lambda record: NoAnswer("KeyError")})
    first = exchange(tmp_path, failing, gateway=gateway)
    messenger = FakeMessenger({1: "a", 2: "b"})
    assert exchange(tmp_path, messenger, gateway=gateway) == first
    assert str(first[1]) == "failed: KeyError" and {message_type for _, message_type in messenger.sent} == {QUERY}


@pytest.mark.parametrize(
    "answer, reason",
    [
        (lambda record: {**good_upload(record), "started": "another"}, "failed: it started from another prompt"),
        (lambda record: {"nonsense": 1}, "failed: it sent no upload"),
        (lambda record: {**good_upload(record), "train_questions": float("inf")}, "failed: it sent no upload"),
        (lambda record: {**good_upload(record), **STEPS}, "failed: it sent more steps than a round has"),
        (lambda record: NoAnswer("late"), "late"),
        (lambda record: NoAnswer("Flower error 5", node_unavailable=True), "failed: not connected"),
    ],
)
def test_a_failure_of_one_site_drops_only_this_site(tmp_path, answer, reason):
    messenger = FakeMessenger({1: "a", 2: "b"}, {1: good_upload})

    def fail(record):
        if reason.endswith("connected"):
            messenger.names = {1: "a"}
        return answer(record)

    messenger.train[2] = fail
    answers = exchange(tmp_path, messenger)
    assert answers[0].prompt == "old by 0" and str(answers[1]) == reason


def test_a_site_without_an_answer_is_late_at_the_deadline(tmp_path):
    messenger = FakeMessenger({1: "a", 2: "b"}, {1: good_upload, 2: lambda record: None})
    assert exchange(tmp_path, messenger, deadline=0.2)[1] == NoUpload(NoUploadReason.LATE)


def test_a_site_that_reconnects_as_another_node_gets_the_prompt_again_in_the_same_round(tmp_path):
    messenger = FakeMessenger({1: "a", 2: "b"}, {1: good_upload, 7: good_upload})

    def die(record):
        messenger.names = {1: "a", 7: "b"}
        return NoAnswer("Flower error 5", node_unavailable=True)

    messenger.train[2] = die
    assert exchange(tmp_path, messenger, deadline=5.0)[1].prompt == "old by 1"


def test_an_upload_that_is_not_valid_text_is_normalized(tmp_path):
    def upload(record):
        prompt = records.decode_text(record["prompt"])
        text = "half \ud83d cafe\u0301\u200b\r\nend"
        return records.encode_update(Update(record["client"], prompt_id(prompt), text, ()))

    answers = exchange(tmp_path, FakeMessenger({9: "a", 3: "b"}, {9: upload, 3: upload}))
    assert [answer.prompt for answer in answers] == ["half \ufffd café\nend"] * 2


def test_candidates_go_to_each_site_and_counts_come_back(tmp_path):
    records = []

    def answer(record):
        records.append(record)
        return counts(record)

    messenger = FakeMessenger({1: "a", 2: "b"}, evaluate={1: answer, 2: answer})
    assert score(tmp_path, messenger) == [Counts((5.0, 6.0), 9)] * 2
    assert [(each["prompts"], each["client"], each["round"]) for each in records] == [
        ([b"first", b"second"], client, 1) for client in (0, 1)
    ]


@pytest.mark.parametrize(
    "answer, reason",
    [
        ({"nonsense": 1}, "failed: it sent no counts"),
        ({"right": [1.0], "n": 9}, "failed: it sent no counts"),
        ({"right": [1.0, 10.0], "n": 9}, "failed: it sent no counts"),
        ({"right": [1.0, -1.0], "n": 9}, "failed: it sent no counts"),
        ({"right": [0.0, 0.0], "n": 0}, "failed: it sent no counts"),
        ({"right": [0.0, float("nan")], "n": 1}, "failed: it sent no counts"),
        ({"right": 3, "n": 9}, "failed: it sent no counts"),
        ({"vote": 1}, "failed: it sent no counts"),
        (NoAnswer("UsageError"), "failed: UsageError"),
        (None, "late"),
    ],
)
def test_a_site_without_usable_counts_is_left_out_with_the_reason(tmp_path, answer, reason):
    messenger = FakeMessenger({1: "a", 2: "b"}, evaluate={1: counts, 2: lambda record: answer})
    answers = score(tmp_path, messenger, *(["--round_deadline", "0.2"] if answer is None else []))
    assert answers[0] == Counts((5.0, 6.0), 9) and str(answers[1]) == reason


@pytest.mark.parametrize("vote", [2, -1, 0.5, "x", None])
def test_a_vote_is_the_number_of_a_candidate(tmp_path, vote):
    sites = {1: lambda record: {"vote": 1}, 2: lambda record: {"vote": vote}}
    answers = score(tmp_path, FakeMessenger({1: "a", 2: "b"}, evaluate=sites), "--vote_epsilon", "1")
    assert answers[0] == Vote(1) and str(answers[1]) == "failed: it sent no vote"


@pytest.mark.parametrize("more, answer", [((), counts), (("--vote_epsilon", "1"), lambda record: {"vote": 1})])
def test_answers_about_candidates_are_stored_and_only_others_are_asked_for(tmp_path, more, answer):
    gateway = Gateway(CallLog(tmp_path / "calls.sqlite"))
    sites = {1: answer, 2: lambda record: NoAnswer("KeyError")}
    first = score(tmp_path, FakeMessenger({1: "a", 2: "b"}, evaluate=sites), *more, gateway=gateway)
    messenger = FakeMessenger({1: "a", 2: "b"}, evaluate={1: answer, 2: answer})
    assert score(tmp_path, messenger, *more, gateway=gateway) == first and str(first[1]) == "failed: KeyError"
    assert {message_type for _, message_type in messenger.sent} == {QUERY}
    score(tmp_path, messenger, *more, gateway=gateway, prompts=("first", "third"))
    assert EVALUATE in {message_type for _, message_type in messenger.sent}
