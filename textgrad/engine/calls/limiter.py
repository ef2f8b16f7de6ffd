"""The one limiter: every request in flight, of all clients and roles, passes here. Concurrency, rate, retries."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from textgrad.engine.reply import Reply
from textgrad.errors import BrokenSystem, CallFailed, ContextExceeded, StopRun, TransientError

_REFUSALS_BEFORE_FIRST_ANSWER = 4  # about five seconds: long enough for a server that is just starting
_SHORTEST_WAIT, _LONGEST_WAIT = 0.5, 60.0  # seconds before a retry, doubled each time
_SECONDS_A_FAILURE = 1.5


@dataclass
class _Row:
    """Failed tries of one endpoint since it last answered: how many, and when the first one failed."""

    failures: int = 0
    since: float = 0.0


class Limiter:
    """Admits requests, tries failed ones again, and knows when an endpoint is beyond hope.

    Args:
        max_concurrency: requests in flight at once, >= 1.
        requests_per_minute: spacing of request starts, or None for no limit.
        max_retries: how often one request is tried again, >= 0.
        max_consecutive_failures: that many failed tries of an endpoint in a row, over all callers, end the run, >= 1.

    Where 64 callers ask at once, a server that restarts fails 64 tries within a second. So a row must also have lasted
    1.5 s for each failure allowed: with the default of 20 an outage of 30 s is waited out, whoever asks.
    """

    def __init__(
        self,
        max_concurrency: int = 64,
        requests_per_minute: float | None = None,
        max_retries: int = 8,
        max_consecutive_failures: int = 20,
    ):
        self.max_concurrency = max_concurrency
        self.max_retries = max_retries
        self.max_consecutive_failures = max_consecutive_failures
        self._spacing = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._jitter = random.Random(0)  # spreads retries in time; no result depends on it
        self._free = threading.Condition()  # a place in flight; its lock guards all that follows
        self._over = threading.Event()  # the run is stopped: those who wait for a time need not
        self._in_flight = 0
        self._next_start = 0.0
        self._rows: dict[str, _Row] = {}
        self._answered: set[str] = set()
        self._stopped: StopRun | None = None

    def call(self, request: Callable[[], Reply], endpoint: str) -> Reply:
        """Sends one request as soon as it is its turn, again where that may help.

        Args:
            request: sends it once and returns the reply.
            endpoint: which endpoint it goes to.

        Raises:
            CallFailed: it was tried for the last time.
            StopRun: the endpoint is beyond hope, or the run was stopped.
        """
        for attempt in range(self.max_retries + 1):
            self._enter()
            try:
                reply = request()
            except TransientError as error:
                last = error
            except ContextExceeded:
                self._succeeded(endpoint)
                raise
            else:
                self._succeeded(endpoint)
                return reply
            finally:
                self._leave()
            self._count_failure(last, endpoint, attempt)
            if last.malformed and attempt:
                return Reply("", finish_reason="malformed")
            if attempt < self.max_retries:
                self._wait_before_retry(last, attempt)
        raise CallFailed(f"{endpoint}: given up after {self.max_retries} retries: {last}")

    def stop(self, reason: StopRun) -> None:
        """Lets no further request start; waiting ones raise `reason`."""
        with self._free:
            self._stopped = self._stopped or reason
            self._over.set()
            self._free.notify_all()

    def _enter(self) -> None:
        with self._free:
            while not self._stopped and self._in_flight >= self.max_concurrency:
                self._free.wait()
            if self._stopped:
                raise self._stopped
            self._in_flight += 1
            now = time.monotonic()
            start = max(now, self._next_start)
            self._next_start = start + self._spacing
        try:
            self._sleep(start - now)
        except StopRun:
            self._leave()
            raise

    def _leave(self) -> None:
        with self._free:
            self._in_flight -= 1
            self._free.notify()

    def _sleep(self, seconds: float) -> None:
        """Waits, but no longer than until the run is stopped."""
        if seconds > 0 and self._over.wait(seconds):
            raise self._stopped

    def _succeeded(self, endpoint: str) -> None:
        with self._free:
            self._rows.pop(endpoint, None)
            self._answered.add(endpoint)

    def _count_failure(self, error: TransientError, endpoint: str, attempt: int) -> None:
        with self._free:
            row = self._rows.setdefault(endpoint, _Row(since=time.monotonic()))
            given_up = attempt == self.max_retries or (error.malformed and attempt)
            if not error.rate_limited:
                row.failures += 1
            elif given_up:  # a server that asks to wait is alive, unless it never does anything else
                row.failures += attempt + 1
            failures, lasted = row.failures, time.monotonic() - row.since
            starting = error.refused and endpoint not in self._answered
        if starting and attempt >= _REFUSALS_BEFORE_FIRST_ANSWER:
            raise BrokenSystem(f"nothing answers at {endpoint}: {error}; start the server or set its base URL")
        # Where requests are given up meanwhile, waiting would fill the run with failed replies.
        patient = not given_up and lasted < self.max_consecutive_failures * _SECONDS_A_FAILURE
        if failures >= self.max_consecutive_failures and not patient:
            raise BrokenSystem(f"{failures} requests in a row failed, the last at {endpoint}: {error}")

    def _wait_before_retry(self, error: TransientError, attempt: int) -> None:
        backoff = min(_LONGEST_WAIT, _SHORTEST_WAIT * 2**attempt) * self._jitter.uniform(0.5, 1.0)
        seconds = backoff if error.retry_after is None else error.retry_after + self._jitter.uniform(0, 0.25)
        if error.rate_limited:  # everybody waits, so that the server is not asked again by the others
            with self._free:
                self._next_start = max(self._next_start, time.monotonic() + seconds)
        else:
            self._sleep(seconds)
