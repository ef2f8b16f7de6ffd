"""The limiter: concurrency, request rate and retries of all requests of a run, over all clients and roles."""

import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from textgrad.engine.protocol.retry_after import bounded_wait
from textgrad.engine.reply import Reply
from textgrad.errors import BrokenSystem, CallFailed, ContextExceeded, Postponed, StopRun, TransientError

_MAX_REFUSALS_AT_START = 4  # about five seconds, for a server that is starting
_MIN_BACKOFF, _MAX_BACKOFF = 0.5, 60.0  # seconds; doubled with each retry
_SECONDS_PER_FAILURE = 1.5
_SILENT_SECONDS = 5.0  # of an outage, before its cause is shown; doubled each time
_LONGEST_SILENT_WAIT = 60.0  # seconds that a server may request without an announcement
_LONGEST_WAIT = 3600.0  # seconds; a run that would have to wait longer ends, and can be continued


@dataclass
class _Outage:
    """Consecutive failures of one endpoint: their number, and the time of the first one."""

    failures: int = 0
    since: float = 0.0


class Limiter:
    """Admits requests, retries failed ones, and stops the run if an endpoint is down.

    Args:
        max_concurrency: maximum number of requests in flight, >= 1.
        requests_per_minute: maximum rate of request starts, evenly spaced, or None.
        max_retries: retries per request, >= 0.
        max_consecutive_failures: consecutive failures of an endpoint, over all callers, that stop the run, >= 1.
        warn: receives one line per long wait; prints to standard error by default.

    With 64 callers, a server that restarts fails 64 requests within a second. Therefore an outage stops the run only
    after 1.5 s per allowed failure: with the default of 20, the limiter waits for 30 s.
    """

    def __init__(
        self,
        max_concurrency: int = 64,
        requests_per_minute: float | None = None,
        max_retries: int = 8,
        max_consecutive_failures: int = 20,
        warn: Callable[[str], None] | None = None,
    ):
        self.max_concurrency = max_concurrency
        self.max_retries = max_retries
        self.max_consecutive_failures = max_consecutive_failures
        self.warn = warn or (lambda line: print(line, file=sys.stderr))
        self._spacing = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._jitter = random.Random(0)  # of retries; no result depends on it
        self._slot_freed = threading.Condition()  # its lock guards the attributes below
        self._stop_event = threading.Event()  # ends all waits for a time
        self._in_flight = 0
        self._next_start = 0.0
        self._outages: dict[str, _Outage] = {}
        self._reached: set[str] = set()
        self._stopped: StopRun | None = None
        self._silence: dict[str, float] = {}  # by endpoint: seconds of an outage before its cause is shown
        self._announced: dict[str, float] = {}  # by endpoint: until when it asks to wait

    def call(self, request: Callable[[], Reply], endpoint: str) -> Reply:
        """Send a request when a slot is free, and retry it after transient errors.

        Args:
            request: sends the request once and returns the reply.
            endpoint: where it is sent.

        Raises:
            CallFailed: all retries failed.
            Postponed: the endpoint asks to wait for more than an hour.
            StopRun: the endpoint is down, or the run was stopped.
        """
        for attempt in range(self.max_retries + 1):
            self._acquire_slot()
            try:
                reply = request()
            except TransientError as error:
                last = error
            except ContextExceeded:
                self._record_success(endpoint)
                raise
            else:
                self._record_success(endpoint)
                return reply
            finally:
                self._release_slot()
            self._record_failure(last, endpoint, attempt)
            if last.malformed and attempt:
                return Reply("", finish_reason="malformed", remarks=(f"warning: {endpoint}: {last}",))
            if attempt < self.max_retries:
                self._show_cause(last, endpoint)
                self._wait_before_retry(last, attempt, endpoint)
        raise CallFailed(f"{endpoint}: failed after {self.max_retries} retries: {last}")

    def stop(self, reason: StopRun) -> None:
        """Refuse further requests, and raise `reason` in the waiting ones."""
        with self._slot_freed:
            self._stopped = self._stopped or reason
            self._stop_event.set()
            self._slot_freed.notify_all()

    def _acquire_slot(self) -> None:
        with self._slot_freed:
            while not self._stopped and self._in_flight >= self.max_concurrency:
                self._slot_freed.wait()
            if self._stopped:
                raise self._stopped
            self._in_flight += 1
            now = time.monotonic()
            start = max(now, self._next_start)
            self._next_start = start + self._spacing
        try:
            self._sleep(start - now)
        except StopRun:
            self._release_slot()
            raise

    def _release_slot(self) -> None:
        with self._slot_freed:
            self._in_flight -= 1
            self._slot_freed.notify()

    def _sleep(self, seconds: float) -> None:
        """Wait for a time, or until the run is stopped."""
        if seconds > 0 and self._stop_event.wait(seconds) and self._stopped:
            raise self._stopped

    def _record_success(self, endpoint: str) -> None:
        with self._slot_freed:
            self._outages.pop(endpoint, None)
            self._reached.add(endpoint)

    def _record_failure(self, error: TransientError, endpoint: str, attempt: int) -> None:
        with self._slot_freed:
            outage = self._outages.setdefault(endpoint, _Outage(since=time.monotonic()))
            last_try = attempt == self.max_retries or (error.malformed and attempt)
            if not error.rate_limited:
                outage.failures += 1
            elif last_try:  # a rate limit is not a failure, unless it rejects every retry
                outage.failures += attempt + 1
            failures, seconds = outage.failures, time.monotonic() - outage.since
            starting = error.refused and endpoint not in self._reached
        if starting and attempt >= _MAX_REFUSALS_AT_START:
            raise BrokenSystem(f"no server responds at {endpoint}: {error}; start the server or set its base URL")
        # Once requests run out of retries, waiting would fill the run with failed replies.
        may_recover = not last_try and seconds < self.max_consecutive_failures * _SECONDS_PER_FAILURE
        if failures >= self.max_consecutive_failures and not may_recover:
            raise BrokenSystem(f"{failures} consecutive requests failed, the last at {endpoint}: {error}")

    def _show_cause(self, error: TransientError, endpoint: str) -> None:
        """Say why an endpoint is silent, in its own words, once it has been so for a while."""
        with self._slot_freed:
            outage = self._outages.get(endpoint)
            seconds = time.monotonic() - outage.since if outage else 0.0
            is_due = seconds > self._silence.get(endpoint, _SILENT_SECONDS)
            self._silence.update({endpoint: 2 * seconds} if is_due else {})
        if is_due:
            self.warn(f"{endpoint}: no reply for {seconds:.0f} s, still trying: {error}")

    def _wait_before_retry(self, error: TransientError, attempt: int, endpoint: str) -> None:
        requested = bounded_wait(error.retry_after)
        if requested is not None and requested > _LONGEST_SILENT_WAIT:
            self._announce(requested, endpoint, error)
        backoff = min(_MAX_BACKOFF, _MIN_BACKOFF * 2**attempt) * self._jitter.uniform(0.5, 1.0)
        seconds = backoff if requested is None else requested + self._jitter.uniform(0, 0.25)
        if error.rate_limited:  # slow down all callers
            with self._slot_freed:
                self._next_start = max(self._next_start, time.monotonic() + seconds)
        else:
            self._sleep(seconds)

    def _announce(self, seconds: float, endpoint: str, error: TransientError) -> None:
        """Say until when an endpoint asks to wait, once for all callers.

        Raises:
            Postponed: that is too long for a run.
        """
        until = time.time() + seconds
        line = f"{endpoint} asks to wait until {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(until))}: {error}"
        if seconds > _LONGEST_WAIT:
            raise Postponed(line)
        with self._slot_freed:
            known = until < self._announced.get(endpoint, 0.0) + _LONGEST_SILENT_WAIT
            self._announced[endpoint] = until if not known else self._announced[endpoint]
        if not known:
            self.warn(line)
