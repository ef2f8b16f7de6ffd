"""The one limiter: every request in flight, of all clients and roles, passes here. Concurrency, rate, retries."""

import random
import threading
import time
from collections.abc import Callable

from ..errors import BrokenSystem, CallFailed, StopRun, TransientError
from .base import Reply

_REFUSALS_BEFORE_FIRST_ANSWER = 4  # about five seconds: long enough for a server that is just starting
_LONGEST_WAIT = 60.0


class Limiter:
    """Admits requests, tries failed ones again, and knows when an endpoint is beyond hope.

    Args:
        max_concurrency: requests in flight at once, >= 1.
        requests_per_minute: spacing of request starts, or None for no limit.
        max_retries: how often one request is tried again, >= 0.
        max_consecutive_failures: that many failed tries in a row, over all callers, end the run, >= 1.
    """

    def __init__(self, max_concurrency: int = 64, requests_per_minute: float | None = None, max_retries: int = 8,
                 max_consecutive_failures: int = 20):
        self.max_concurrency = max_concurrency
        self.max_retries = max_retries
        self.max_consecutive_failures = max_consecutive_failures
        self._spacing = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._jitter = random.Random(0)  # spreads retries in time; no result depends on it
        self._changed = threading.Condition()
        self._in_flight = 0
        self._next_start = 0.0
        self._failures_in_a_row = 0
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
        with self._changed:
            self._stopped = self._stopped or reason
            self._changed.notify_all()

    def _enter(self) -> None:
        with self._changed:
            while not self._stopped and self._in_flight >= self.max_concurrency:
                self._changed.wait()
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
        with self._changed:
            self._in_flight -= 1
            self._changed.notify()

    def _sleep(self, seconds: float) -> None:
        """Waits, but no longer than until the run is stopped."""
        end = time.monotonic() + seconds
        with self._changed:
            while not self._stopped and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            if self._stopped:
                raise self._stopped

    def _succeeded(self, endpoint: str) -> None:
        with self._changed:
            self._failures_in_a_row = 0
            self._answered.add(endpoint)

    def _count_failure(self, error: TransientError, endpoint: str, attempt: int) -> None:
        with self._changed:
            # A server that asks to wait is alive; only silence and errors count towards giving up.
            self._failures_in_a_row += not error.rate_limited
            never = error.refused and endpoint not in self._answered and attempt >= _REFUSALS_BEFORE_FIRST_ANSWER
            hopeless = self._failures_in_a_row >= self.max_consecutive_failures
        if never:
            raise BrokenSystem(f"nothing answers at {endpoint}: {error}; start the server or set its base URL")
        if hopeless:
            raise BrokenSystem(f"{self.max_consecutive_failures} requests in a row failed, the last at {endpoint}: "
                               f"{error}")

    def _wait_before_retry(self, error: TransientError, attempt: int) -> None:
        backoff = min(_LONGEST_WAIT, 0.5 * 2 ** attempt) * self._jitter.uniform(0.5, 1.0)
        seconds = backoff if error.retry_after is None else error.retry_after + self._jitter.uniform(0, 0.25)
        if error.rate_limited:  # everybody waits, so that the server is not asked again by the others
            with self._changed:
                self._next_start = max(self._next_start, time.monotonic() + seconds)
        else:
            self._sleep(seconds)
