"""A round over Flower as the server sees it, with a post office of one process in Flower's place."""

import pytest
import toy

from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.errors import BrokenSystem, UsageError
from utils.federation.client import Client, Update
from utils.federation.evaluation import prompt_id
from utils.flower import transport, wire
from utils.flower.post import HELLO, NoAnswer
from utils.flower.roster import Roster


class Office:
    """Sites that answer at once: `train` maps a node to what it sends back for a prompt."""

    def __init__(self, names, train):
        self.names, self.train, self.sent, self.waiting = names, train, [], {}

    def nodes(self):
        return set(self.names)

    def send(self, node, kind, record, seconds=None):
        message = f"message {len(self.sent)}"
        self.sent.append((node, kind))
        hello = {"name": self.names[node], "tasks": ["t"], "questions": [6]}
        self.waiting[message] = hello if kind == HELLO else self.train[node](record)
        return message

    def collect(self, sent):
        return {message: self.waiting.pop(message) for message in list(sent) if self.waiting.get(message) is not None}


def good(record):
    prompt = wire.to_text(record["prompt"])
    return wire.upload(Update(record["client"], prompt_id(prompt), prompt + f" by {record['client']}", ()))


def exchange(tmp_path, office, *options, deadline=None, gateway=None):
    config = toy.config(tmp_path, "--flower_wait", "1", *options)
    roster = Roster(office, {}, ("a", "b"), lambda line: None)
    roster.gather(2, 1, 1.0)
    gateway = gateway or Gateway(CallLog(tmp_path / "calls.sqlite"))
    clients = [Client(number, [], None, None, 1, 1) for number in range(2)]
    return transport.FlowerTransport(config, gateway, office, roster, {}).exchange(1, clients, ["old", "old"], deadline)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(transport, "_POLL", 0.01)


def test_sites_are_clients_by_their_names_whatever_their_nodes(tmp_path):
    answers = exchange(tmp_path, Office({9: "a", 3: "b"}, {9: good, 3: good}))
    assert [answer.prompt for answer in answers] == ["old by 0", "old by 1"]


def test_a_finished_round_asks_nobody_again(tmp_path):
    gateway = Gateway(CallLog(tmp_path / "calls.sqlite"))
    failing = Office({1: "a", 2: "b"}, {1: good, 2: lambda record: NoAnswer("KeyError")})
    first = exchange(tmp_path, failing, gateway=gateway)
    office = Office({1: "a", 2: "b"}, {})
    assert exchange(tmp_path, office, gateway=gateway) == first
    assert first[1] == "failed: KeyError" and {kind for _, kind in office.sent} == {HELLO}


@pytest.mark.parametrize(
    "answer, why",
    [
        (lambda record: {**good(record), "started": "another"}, "failed: it started from another prompt"),
        (lambda record: {"nonsense": 1}, "failed: it sent no upload"),
        (lambda record: NoAnswer("late"), "late"),
        (lambda record: NoAnswer("Flower error 5", gone=True), "failed: not connected"),
    ],
)
def test_what_a_site_does_wrong_costs_the_round_this_site_only(tmp_path, answer, why):
    office = Office({1: "a", 2: "b"}, {1: good})

    def wrong(record):
        if why.endswith("connected"):
            office.names = {1: "a"}
        return answer(record)

    office.train[2] = wrong
    answers = exchange(tmp_path, office)
    assert answers[0].prompt == "old by 0" and answers[1] == why


def test_a_silent_site_is_late_at_the_deadline(tmp_path):
    assert exchange(tmp_path, Office({1: "a", 2: "b"}, {1: good, 2: lambda record: None}), deadline=0.2)[1] == "late"


def test_a_site_that_comes_back_as_another_node_is_asked_again_in_the_same_round(tmp_path):
    office = Office({1: "a", 2: "b"}, {1: good, 7: good})

    def die(record):
        office.names = {1: "a", 7: "b"}
        return NoAnswer("Flower error 5", gone=True)

    office.train[2] = die
    assert exchange(tmp_path, office, deadline=5.0)[1].prompt == "old by 1"


def test_too_many_or_too_few_sites_are_told(tmp_path):
    office = Office({1: "a", 2: "b", 3: "c"}, {})
    with pytest.raises(UsageError, match="a, b, c.*--sites"):
        Roster(office, {}, (), lambda line: None).gather(2, 1, 1.0)
    with pytest.raises(BrokenSystem, match="2 of 3 sites came"):
        Roster(Office({1: "a", 2: "b"}, {}), {}, (), lambda line: None).gather(3, 1, 0.1)
