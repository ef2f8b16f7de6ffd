"""Every fault on a single call: retried, repeated once, a bad reply, or the end of the run."""

import time

import pytest
from fault_server import Fault, FaultServer

from textgrad.concurrency import fan_out
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.openai import ChatOpenAI
from textgrad.errors import BrokenSystem

KEY = "sk-marked-key-0123456789"


@pytest.fixture
def ask(tmp_path):
    """Return a function that sends one question through a gateway and returns reply, requests and seconds."""

    def one(server: FaultServer, question: str = "How are you?", **limits):
        gateway = Gateway(CallLog(tmp_path / "calls.sqlite"), Limiter(**limits))
        engine = ChatOpenAI("some-model", base_url=server.url, api_key=KEY, request_timeout=0.5)
        before, started = len(server.requests), time.monotonic()
        reply = gateway.route(engine, "test")(question)
        return reply, len(server.requests) - before, time.monotonic() - started

    return one


@pytest.mark.parametrize(
    "fault, least, most",
    [
        ("429-retry-after", 1.0, 3),
        ("429-date", 0.4, 4),
        ("429", 0.25, 3),
        ("500", 0.25, 3),
        ("502", 0.25, 3),
        ("503", 0.25, 3),
        ("529", 0.25, 3),
        ("drop", 0.25, 3),
        ("reset", 0.25, 3),
        ("hang", 0.75, 5),
        ("drip", 0.75, 5),
        ("error-in-200", 0.25, 3),
    ],
)
def test_a_transient_fault_is_retried_after_a_wait(ask, row, fault, least, most):
    with FaultServer(script=[fault], hang=8) as server:
        reply, requests, seconds = ask(server)
    row(fault, "alone", f"retried after {seconds:.1f} s")
    assert reply.startswith("You said") and reply.flaw is None and requests == 2 and least <= seconds <= most


def test_backoff_doubles_with_each_retry(ask):
    with FaultServer(script=["503"] * 3) as server:
        ask(server)
    sent = [request.time for request in server.requests]
    for wait, full in zip((b - a for a, b in zip(sent, sent[1:], strict=False)), (0.5, 1, 2), strict=True):
        assert full / 2 <= wait <= full + 0.4


def test_64_callers_wait_until_refused_connections_are_accepted_again(row, quick, tmp_path):
    with FaultServer() as server:
        engine = ChatOpenAI("some-model", base_url=server.url, api_key=KEY)
        route = Gateway(CallLog(tmp_path / "calls.sqlite")).route(engine)
        route("How are you?")
        server.stop_listening(0.8)  # stands for 20 s, since waits are 25 times shorter
        time.sleep(0.2)
        started = time.monotonic()
        replies = fan_out(lambda number: route(f"Question {number}?"), range(64))
    row("refuse", "alone", f"64 callers waited {time.monotonic() - started:.1f} s (25 times shorter than in a run)")
    assert all(reply.flaw is None for reply in replies) and len(server.requests) == 65


@pytest.mark.slow
def test_64_callers_wait_out_twenty_seconds_of_refused_connections(tmp_path):
    with FaultServer() as server:
        route = Gateway(CallLog(tmp_path / "calls.sqlite")).route(ChatOpenAI("m", base_url=server.url, api_key=KEY))
        route("How are you?")
        server.stop_listening(20)
        time.sleep(0.2)
        replies = fan_out(lambda number: route(f"Question {number}?"), range(64))
    assert all(reply.flaw is None for reply in replies)


@pytest.mark.parametrize(
    "fault", ["html", "no-choices", "empty-choices", "empty", "null", "whitespace", "content-filter"]
)
def test_an_unusable_reply_is_requested_once_more_and_then_is_a_bad_reply(ask, row, fault):
    malformed = fault in ("html", "no-choices", "empty-choices")
    with FaultServer(script=[fault]) as server:
        reply, requests, _ = ask(server)
        assert reply.flaw is None and requests == 2
    with FaultServer(script=[fault] * 9) as server:
        reply, requests, _ = ask(server, "Something else?")
    row(fault, "alone", f"requested once more, then a bad reply: {reply.flaw}")
    assert reply.strip() == "" and reply.flaw in ("malformed", "empty", "filtered")
    assert requests == (4 if malformed else 2)


def test_a_truncated_reply_is_marked_as_truncated(ask, row):
    with FaultServer(script=["truncated"]) as server:
        reply, requests, _ = ask(server)
    row("truncated", "alone", "a bad reply: truncated")
    assert reply.flaw == "truncated" and requests == 1


@pytest.mark.parametrize(
    "fault, status, message",
    [
        ("400", "400", "n must be at least 1"),
        ("401", "401", "Incorrect API key"),
        ("403", "403", "may not use this model"),
        ("404", "404", "does not exist"),
        ("429-quota", "429", "out of credit"),
    ],
)
def test_a_permanent_error_stops_the_run_at_once_and_names_engine_endpoint_status_and_message(
    ask, row, fault, status, message
):
    with FaultServer(script=[fault]) as server, pytest.raises(BrokenSystem) as error:
        ask(server)
    line = str(error.value)
    row(fault, "alone", f"the run stops at once: {line[:60]}...")
    assert len(server.requests) == 1 and "\n" not in line and KEY not in line
    assert "some-model" in line and server.url in line and f"HTTP {status}" in line and message in line


def test_a_request_that_exceeds_the_context_is_a_bad_reply_of_its_own_kind(ask, row):
    with FaultServer(script=["context"]) as server:
        reply, requests, _ = ask(server)
    row("context", "alone", "no retry; a bad reply: too long")
    assert reply.flaw == "too long" and requests == 1


@pytest.mark.parametrize("fault", ["500", "429", "refuse", "html", "hang"])
def test_if_every_call_fails_the_run_stops_and_names_the_last_error(row, quick, fault, tmp_path):
    gateway = Gateway(CallLog(tmp_path / "calls.sqlite"), Limiter(max_retries=3, max_consecutive_failures=4))
    with FaultServer(policy=lambda request, number: fault, refuse=60, hang=8) as server:
        route = gateway.route(ChatOpenAI("some-model", base_url=server.url, api_key=KEY, request_timeout=0.5))
        with pytest.raises(BrokenSystem, match="consecutive requests failed, the last at http") as error:
            for number in range(4):
                route(f"Question {number}?")
    row("every call fails", "alone", str(error.value)[:75])


def test_a_rate_limit_pauses_all_callers():
    slow = Fault(429, {"error": {"message": "slow"}}, {"Retry-After": "1"})
    with FaultServer(script=[None] * 3 + [slow], latency=0.1) as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        route = Gateway(limiter=Limiter(max_concurrency=4)).route(engine)
        fan_out(lambda number: route(f"question {number}"), range(40), width=4)
    limited = server.requests[3].time + 0.1
    assert not [request for request in server.requests if limited + 0.4 < request.time < limited + 0.95]
