"""The gateway: cached and repeated requests, and usage."""

import threading

import pytest

from textgrad.concurrency import fan_out, scope
from textgrad.engine.base import ChatEngine, EngineLM, Reply, Sampling
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.engine.calls.limiter import Limiter
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError, UsageError


class Scripted(ChatEngine):
    """An engine that returns `reply(messages, sampling, number of this request)`."""

    model_string, endpoint = "scripted", "here"

    def __init__(self, reply=lambda messages, sampling, number: Reply(f"reply {number}", "stop", 3, 2)):
        self.requests, self.reply, self.lock = [], reply, threading.Lock()

    def complete(self, messages, sampling):
        with self.lock:
            self.requests.append((messages, sampling))
            number = len(self.requests)
        return self.reply(messages, sampling, number)


@pytest.fixture
def gateway(tmp_path):
    return Gateway(CallLog(tmp_path / "calls.sqlite"), Limiter(max_retries=1))


def test_the_same_request_is_sent_once(gateway):
    engine = Scripted()
    route = gateway.route(engine, "test")
    assert route("q") == route("q") == "reply 1"
    assert len(engine.requests) == 1
    assert gateway.usage["test"].requests == 2 and gateway.usage["test"].calls == 1


@pytest.mark.parametrize(
    "change", [{"temperature": 0.5}, {"top_p": 0.5}, {"max_tokens": 7}, {"seed": 9}, {"system_prompt": "other"}]
)
def test_a_different_sampling_or_prompt_is_a_different_request(gateway, change):
    engine = Scripted()
    route = gateway.route(engine)
    assert route("q") != route("q", **change)


def test_a_different_model_or_endpoint_is_a_different_request(gateway):
    first, second, third = Scripted(), Scripted(), Scripted()
    second.model_string, third.endpoint = "other", "there"
    for engine in (first, second, third):
        gateway.route(engine)("q")
    assert [len(engine.requests) for engine in (first, second, third)] == [1, 1, 1]


def test_concurrent_equal_requests_are_sent_once(gateway):
    started = threading.Event()

    def slow(messages, sampling, number):
        started.wait(0.2)
        return Reply(f"reply {number}")

    engine = Scripted(slow)
    route = gateway.route(engine)
    assert set(fan_out(lambda _: route("q"), range(8))) == {"reply 1"}
    assert len(engine.requests) == 1


def test_random_samples_differ_between_scopes_and_repeat_in_the_same_scope(gateway):
    route = gateway.route(Scripted(), sampling=Sampling(temperature=1.0))

    def draw(step):
        with scope(step=step):
            return fan_out(lambda _: str(route("q")), range(2))

    first = draw(1)
    assert len({*first, *draw(2)}) == 4
    assert draw(1) == first


def test_at_temperature_zero_the_scope_matters_only_without_reuse(tmp_path):
    sent = {}
    for reuse in (True, False):
        engine = Scripted()
        route = Gateway(CallLog(tmp_path / f"{reuse}.sqlite"), reuse=reuse).route(engine)
        for step in (1, 2, 1):
            with scope(step=step):
                route("q")
        sent[reuse] = len(engine.requests)
    assert sent == {True: 1, False: 2}


@pytest.mark.parametrize(
    "flawed",
    [Reply(""), Reply(" \n"), Reply("x", "content_filter"), Reply("", "malformed"), Reply("x", "network_error")],
)
def test_a_reply_without_content_is_requested_once_more(gateway, flawed):
    engine = Scripted(lambda messages, sampling, number: flawed if number == 1 else Reply("good"))
    assert gateway.route(engine, "test")("q") == "good"
    assert gateway.usage["test"].calls == 2 and sum(gateway.usage["test"].flaws.values()) == 1


def test_a_reply_without_content_is_not_requested_a_third_time(gateway):
    engine = Scripted(lambda messages, sampling, number: Reply(""))
    reply = gateway.route(engine)("q")
    assert reply == "" and reply.flaw == "empty" and len(engine.requests) == 2
    gateway.route(engine)("q")
    assert len(engine.requests) == 2


def test_a_truncated_reply_is_not_requested_again(gateway):
    engine = Scripted(lambda messages, sampling, number: Reply("half", "length"))
    assert gateway.route(engine)("q").flaw == "truncated" and len(engine.requests) == 1


def test_a_second_unfinished_reply_is_counted(gateway):
    engine = Scripted(lambda messages, sampling, number: Reply("half", "network_error"))
    assert gateway.route(engine, "test")("q").flaw == "unfinished" and len(engine.requests) == 2
    assert gateway.usage["test"].flaws == {"unfinished": 2}


def test_a_remark_of_an_engine_is_passed_on_once():
    lines = []
    engine = Scripted(lambda messages, sampling, number: Reply("good", remarks=("it hums",)))
    route = Gateway(CallLog(":memory:"), warn=lines.append).route(engine)
    assert route("a") == route("b") == "good" and lines == ["it hums"]


def test_remarks_that_differ_with_every_reply_do_not_flood_the_terminal():
    said = []
    engine = Scripted(lambda messages, sampling, number: Reply("good", remarks=(f"request {number} hums",)))
    gateway = Gateway(warn=said.append)
    for number in range(20):
        gateway.ask(engine, "test", [{"role": "user", "content": str(number)}], Sampling())
    assert len(said) == 5 and len(set(said)) == 5


def test_the_cause_of_failed_requests_is_reported_once():
    def fail(messages, sampling, number):
        raise TransientError("HTTP 499: the operation was cancelled", retry_after=0.0)

    lines = []
    route = Gateway(limiter=Limiter(max_retries=1), warn=lines.append).route(Scripted(fail))
    assert route("a").flaw == route("b").flaw == "failed"
    assert lines == ["warning: here: failed after 1 retries: HTTP 499: the operation was cancelled"]


def test_a_failed_request_is_a_failed_reply_and_is_not_stored(gateway):
    def fail_twice(messages, sampling, number):
        if number <= 2:
            raise TransientError("connection reset", retry_after=0.0)
        return Reply("at last")

    route = gateway.route(Scripted(fail_twice), "test")
    first = route("q")
    assert first == "" and first.flaw == "failed" and gateway.usage["test"].flaws == {"failed": 1}
    assert route("q") == "at last"


def test_a_request_that_exceeds_the_context_is_stored_as_too_long(gateway):
    def too_long(messages, sampling, number):
        raise ContextExceeded("9031 tokens are over 2048")

    engine = Scripted(too_long)
    route = gateway.route(engine)
    assert route("q").flaw == "too long" and route("q").flaw == "too long"
    assert len(engine.requests) == 1


def test_a_broken_system_stops_all_callers(gateway):
    def refuse(messages, sampling, number):
        raise BrokenSystem("scripted at here: 401 bad key")

    with pytest.raises(BrokenSystem, match="401"):
        gateway.route(Scripted(refuse))("q")
    with pytest.raises(BrokenSystem, match="401"):
        gateway.route(Scripted())("another question")


def test_another_process_replays_without_sending(tmp_path):
    engine = Scripted()
    first = Gateway(CallLog(tmp_path / "calls.sqlite"))
    first.route(engine, "test")("q")
    first.close()
    again = Gateway(CallLog(tmp_path / "calls.sqlite"), replay_only=True)
    assert again.route(engine, "test")("q") == "reply 1" and len(engine.requests) == 1
    assert again.usage == first.usage
    with pytest.raises(UsageError, match="replay only.*unheard of"):
        again.route(engine, "test")("unheard of")


def test_usage_counts_tokens_of_distinct_calls_by_role(gateway):
    engine = Scripted()
    for role, question in (("test", "a"), ("test", "a"), ("test", "b"), ("evaluation", "a")):
        gateway.route(engine, role)(question)
    test, evaluation = gateway.usage["test"], gateway.usage["evaluation"]
    assert (test.requests, test.calls, test.prompt_tokens, test.completion_tokens) == (3, 2, 6, 4)
    assert (evaluation.requests, evaluation.calls) == (1, 1) and len(engine.requests) == 2


def test_a_users_engine_with_only_generate_works(gateway):
    class Mine(EngineLM):
        model_string = "mine"

        def generate(self, prompt, system_prompt=None):
            return f"{system_prompt}|{prompt}"

    assert gateway.route(Mine())("q", system_prompt="s") == "s|q"


def test_metadata_is_read_by_another_process(tmp_path):
    first = Gateway(CallLog(tmp_path / "calls.sqlite"))
    assert first.get_metadata({"late in round": 1}) is None
    first.put_metadata({"late in round": 1}, [2, 3])
    first.close()
    assert Gateway(CallLog(tmp_path / "calls.sqlite")).get_metadata({"late in round": 1}) == [2, 3]


def test_without_a_run_failures_are_raised():
    def too_long(messages, sampling, number):
        raise ContextExceeded("too long")

    with pytest.raises(ContextExceeded):
        Scripted(too_long).generate("q")


def test_without_a_run_one_broken_engine_does_not_stop_another():
    def broken(messages, sampling, number):
        raise BrokenSystem("model not found")

    with pytest.raises(BrokenSystem):
        Scripted(broken).generate("q")
    assert Scripted(lambda messages, sampling, number: Reply("well")).generate("q") == "well"


@pytest.mark.parametrize("logged, replayed", [(["first"], True), (["first", "second"], False)])
def test_a_replay_takes_the_logged_endpoint_if_there_is_only_one(tmp_path, logged, replayed):
    first = Gateway(CallLog(tmp_path / "c"))
    for endpoint in logged:
        engine = Scripted()
        engine.endpoint = endpoint
        first.route(engine)("q")
    first.close()
    again = Gateway(CallLog(tmp_path / "c"), replay_only=True)
    engine = Scripted()
    engine.endpoint = "not set"
    if replayed:
        assert again.route(engine)("q") == "reply 1"
    else:
        with pytest.raises(UsageError, match="replay only"):
            again.route(engine)("q")
    assert engine.requests == []
