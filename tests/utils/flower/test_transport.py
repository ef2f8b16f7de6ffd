"""A round over Flower as the server sees it, with a fake messenger in place of Flower."""

import pytest
import toy
from fake_messenger import FakeMessenger

from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from utils.federation.client import Client
from utils.federation.evaluation import prompt_id
from utils.federation.update import NoUpload, NoUploadReason, Update
from utils.flower import records, transport
from utils.flower.messenger import QUERY, NoAnswer
from utils.flower.site_registry import SiteRegistry


def good_upload(record):
    prompt = records.decode_text(record["prompt"])
    return records.encode_update(Update(record["client"], prompt_id(prompt), prompt + f" by {record['client']}", ()))


# one more than a round has
STEPS = {"before": [0.5] * 3, "after": [0.5] * 3, "n": [3] * 3, "result": ["rejected"] * 3, "kind": [""] * 3}


def exchange(tmp_path, messenger, *options, deadline=None, gateway=None):
    config = toy.config(tmp_path, "--flower_wait", "1", *options)
    registry = SiteRegistry(messenger, {}, ("a", "b"), lambda line: None)
    registry.wait_for_sites(2, 1, 1.0)
    gateway = gateway or Gateway(CallLog(tmp_path / "calls.sqlite"))
    clients = [Client(number, [], None, None, 1, 1) for number in range(2)]
    flower = transport.FlowerTransport(config, gateway, messenger, registry, {})
    return flower.exchange(1, clients, ["old", "old"], deadline)


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
