"""The limiter: concurrency, rate and retries."""

import contextlib
import threading
import time

import pytest

from textgrad.concurrency import fan_out
from textgrad.engine.base import Reply
from textgrad.engine.calls.limiter import Limiter
from textgrad.errors import BrokenSystem, CallFailed, ContextExceeded, Postponed, StopRun, TransientError

pytestmark = pytest.mark.slow


def failing(times, error):
    """Return a request that fails a number of times and then succeeds; its `count` is how often it was sent."""

    def request():
        request.count += 1
        if request.count <= times:
            raise error
        return Reply("good")

    request.count = 0
    return request


def test_at_most_max_concurrency_requests_are_in_flight():
    limiter, lock, flying, peak = Limiter(max_concurrency=3), threading.Lock(), 0, 0

    def request():
        nonlocal flying, peak
        with lock:
            flying += 1
            peak = max(peak, flying)
        time.sleep(0.01)
        with lock:
            flying -= 1
        return Reply("x")

    fan_out(lambda _: limiter.call(request, "e"), range(12))
    assert peak == 3


def test_requests_per_minute_spaces_the_starts():
    limiter, starts = Limiter(requests_per_minute=1200), []

    def request():
        starts.append(time.monotonic())
        return Reply("x")

    fan_out(lambda _: limiter.call(request, "e"), range(6))
    assert max(starts) - min(starts) >= 5 * 60 / 1200 * 0.9


def test_a_transient_error_is_retried():
    request = failing(2, TransientError("503", retry_after=0.0))
    assert Limiter().call(request, "e").text == "good" and request.count == 3


def test_retries_are_limited():
    request = failing(99, TransientError("503", retry_after=0.0))
    with pytest.raises(CallFailed, match="2 retries.*503"):
        Limiter(max_retries=2).call(request, "e")
    assert request.count == 3


def test_a_malformed_response_is_retried_once_and_then_is_a_bad_reply():
    request = failing(99, TransientError("HTML", malformed=True, retry_after=0.0))
    reply = Limiter().call(request, "e")
    assert (reply.flaw, reply.remarks, request.count) == ("malformed", ("warning: e: HTML",), 2)


def test_all_callers_wait_as_long_as_the_server_requests():
    limiter, sent = Limiter(), []
    first = failing(1, TransientError("429", retry_after=0.4, rate_limited=True))
    started = time.monotonic()

    def other():
        sent.append(time.monotonic() - started)
        return Reply("x")

    thread = threading.Thread(target=lambda: limiter.call(first, "e"))
    thread.start()
    time.sleep(0.1)  # the first caller waits by now
    limiter.call(other, "e")
    thread.join()
    assert sent[0] >= 0.4


def test_consecutive_failures_stop_the_run_with_the_last_cause(monkeypatch):
    monkeypatch.setattr("textgrad.engine.calls.limiter._SECONDS_PER_FAILURE", 0.0)
    limiter = Limiter(max_retries=99, max_consecutive_failures=5)
    request = failing(99, TransientError("502 bad gateway", retry_after=0.0))
    with pytest.raises(BrokenSystem, match="5 consecutive requests.*502 bad gateway"):
        limiter.call(request, "e")
    assert request.count == 5


def test_many_callers_survive_a_short_outage_with_many_failures(monkeypatch):
    monkeypatch.setattr("textgrad.engine.calls.limiter._SECONDS_PER_FAILURE", 0.05)  # 20 failures: a second
    monkeypatch.setattr("textgrad.engine.calls.limiter._MIN_BACKOFF", 0.02)
    limiter, failed = Limiter(), []
    limiter.call(lambda: Reply("x"), "e")
    end = time.monotonic() + 0.7  # with the real constants: 20 s of 30 s

    def request():
        if time.monotonic() < end:
            failed.append(1)
            raise TransientError("connection refused", refused=True)
        return Reply("good")

    assert [reply.text for reply in fan_out(lambda _: limiter.call(request, "e"), range(64))] == ["good"] * 64
    assert len(failed) >= 64


def test_a_long_outage_stops_the_run(monkeypatch):
    monkeypatch.setattr("textgrad.engine.calls.limiter._SECONDS_PER_FAILURE", 0.02)
    monkeypatch.setattr("textgrad.engine.calls.limiter._MIN_BACKOFF", 0.02)
    limiter = Limiter()
    limiter.call(lambda: Reply("x"), "e")
    request, started = failing(10**9, TransientError("connection refused", refused=True)), time.monotonic()
    with pytest.raises(BrokenSystem, match="consecutive requests failed.*connection refused"):
        fan_out(lambda _: limiter.call(request, "e"), range(64))
    assert 0.4 <= time.monotonic() - started < 3


@pytest.mark.parametrize(
    "error",
    [
        TransientError("HTML", malformed=True, retry_after=0.0),
        TransientError("429", rate_limited=True, retry_after=0.0),
    ],
)
def test_the_run_stops_without_waiting_once_requests_run_out_of_retries(error):
    limiter = Limiter(max_retries=1, max_consecutive_failures=4)
    with pytest.raises(BrokenSystem, match="4 consecutive requests"):
        for _ in range(4):
            with contextlib.suppress(CallFailed):
                limiter.call(failing(99, error), "e")


def test_a_working_endpoint_does_not_hide_one_that_is_down():
    limiter = Limiter(max_retries=0, max_consecutive_failures=3)
    with pytest.raises(BrokenSystem, match="at dead"):
        for _ in range(3):
            limiter.call(lambda: Reply("x"), "well")
            with contextlib.suppress(CallFailed):
                limiter.call(failing(99, TransientError("500")), "dead")


def test_a_success_resets_the_count_of_failures():
    limiter = Limiter(max_retries=99, max_consecutive_failures=5)
    for _ in range(3):
        limiter.call(failing(4, TransientError("502", retry_after=0.0)), "e")


def test_a_rate_limit_is_not_a_failure():
    limiter = Limiter(max_retries=50, max_consecutive_failures=3)
    assert limiter.call(failing(10, TransientError("429", retry_after=0.0, rate_limited=True)), "e").text == "good"


def test_refused_connections_soon_stop_the_run_if_no_request_ever_succeeded(monkeypatch):
    monkeypatch.setattr(Limiter, "_wait_before_retry", lambda *_: None)
    request = failing(99, TransientError("connection refused", refused=True))
    with pytest.raises(BrokenSystem, match="no server responds at http://x"):
        Limiter(max_consecutive_failures=99).call(request, "http://x")
    assert request.count == 5


def test_refused_connections_are_retried_if_a_request_succeeded_before(monkeypatch):
    monkeypatch.setattr(Limiter, "_wait_before_retry", lambda *_: None)
    limiter = Limiter()
    limiter.call(lambda: Reply("x"), "http://x")
    assert limiter.call(failing(7, TransientError("connection refused", refused=True)), "http://x").text == "good"


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1.0, 1e300, 9999999999.0])
@pytest.mark.parametrize("rate_limited", [True, False])
def test_an_absurd_requested_wait_is_ignored(seconds, rate_limited):
    request = failing(1, TransientError("429", retry_after=seconds, rate_limited=rate_limited))
    assert Limiter().call(request, "e").text == "good"


def test_a_requested_wait_of_a_day_ends_the_run_and_names_the_time():
    request = failing(1, TransientError("HTTP 429: daily limit", retry_after=86400.0, rate_limited=True))
    tomorrow = time.strftime("%Y-%m-%d", time.localtime(time.time() + 86400))
    with pytest.raises(Postponed, match=f"http://x asks to wait until {tomorrow} .*: HTTP 429: daily limit"):
        Limiter().call(request, "http://x")
    assert request.count == 1


def test_a_long_wait_is_announced_once_for_all_callers(monkeypatch):
    monkeypatch.setattr("textgrad.engine.calls.limiter._LONGEST_SILENT_WAIT", 0.2)
    lines = []
    limiter = Limiter(warn=lines.append)
    error = TransientError("HTTP 503: at lunch", retry_after=0.3)
    fan_out(lambda _: limiter.call(failing(1, error), "http://x"), range(8))
    [line] = lines
    assert line.startswith("http://x asks to wait until ") and line.endswith(": HTTP 503: at lunch")


def test_the_cause_of_long_retries_is_shown_in_the_words_of_the_server_ever_more_rarely(monkeypatch):
    clock = iter(range(10**6))
    monkeypatch.setattr("textgrad.engine.calls.limiter.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(Limiter, "_wait_before_retry", lambda *_: None)
    lines = []
    limiter = Limiter(max_retries=50, max_consecutive_failures=10**6, warn=lines.append)
    for _ in range(3):
        limiter.call(failing(40, TransientError("HTTP 429: limite atteinte", rate_limited=True)), "http://x")
    assert 3 <= len(lines) <= 8
    assert all(
        line.startswith("http://x: no reply for ") and line.endswith(": HTTP 429: limite atteinte") for line in lines
    )


def test_a_short_wait_is_not_announced():
    lines = []
    Limiter(warn=lines.append).call(failing(1, TransientError("503", retry_after=0.1)), "e")
    assert lines == []


def test_stopping_the_limiter_wakes_waiting_callers():
    limiter, release = Limiter(max_concurrency=1), threading.Event()

    def hold():
        release.wait(10)
        return Reply("x")

    holder = threading.Thread(target=lambda: limiter.call(hold, "e"), daemon=True)
    holder.start()
    time.sleep(0.05)
    outcome = []

    def waiting():
        try:
            limiter.call(lambda: Reply("x"), "e")
        except StopRun as reason:
            outcome.append(str(reason))

    waiter = threading.Thread(target=waiting)
    waiter.start()
    time.sleep(0.05)
    limiter.stop(StopRun("interrupted"))
    waiter.join(2)
    assert outcome == ["interrupted"]
    release.set()


@pytest.mark.parametrize("retries", [0, 1, 3, 8])
def test_a_request_is_sent_once_and_then_retried_as_often_as_allowed(monkeypatch, retries):
    waits = []
    monkeypatch.setattr(Limiter, "_wait_before_retry", lambda self, error, attempt, endpoint: waits.append(attempt))
    limiter = Limiter(max_retries=retries)
    last_chance = failing(retries, TransientError("503"))
    assert limiter.call(last_chance, "e").text == "good" and last_chance.count == retries + 1
    waits.clear()
    hopeless = failing(99, TransientError("503"))
    with pytest.raises(CallFailed, match=f"failed after {retries} retries: 503"):
        limiter.call(hopeless, "e")
    assert hopeless.count == retries + 1 and waits == list(range(retries))  # no wait after the last attempt


def test_the_wait_doubles_with_each_retry_up_to_a_minute(monkeypatch):
    waits = []
    monkeypatch.setattr(Limiter, "_sleep", lambda self, seconds: waits.append(seconds))
    limiter = Limiter()
    for attempt in range(12):
        limiter._wait_before_retry(TransientError("503"), attempt, "e")
    for attempt, seconds in enumerate(waits):
        full = min(60.0, 0.5 * 2**attempt)
        assert 0.5 * full <= seconds <= full


def test_a_requested_wait_is_kept_and_never_shortened(monkeypatch):
    waits = []
    monkeypatch.setattr(Limiter, "_sleep", lambda self, seconds: waits.append(seconds))
    for _ in range(20):
        Limiter()._wait_before_retry(TransientError("503", retry_after=7.0), 3, "e")
    assert all(7.0 <= seconds <= 7.25 for seconds in waits) and len(waits) == 20


def test_a_slot_is_free_again_after_every_kind_of_outcome():
    limiter = Limiter(max_concurrency=1, max_retries=0)

    def broken():
        raise ValueError("a fault of the program")

    for request, error in (
        (failing(9, TransientError("503")), CallFailed),
        (failing(9, ContextExceeded("long")), ContextExceeded),
        (broken, ValueError),
    ):
        with pytest.raises(error):
            limiter.call(request, "e")
        assert limiter.call(lambda: Reply("x"), "e").text == "x"
    assert limiter._in_flight == 0
