"""Concurrency primitives: `fan_out`, background tasks, and scopes that identify each call of a run.

Engines block on the network, and a user's own engine may be any synchronous code, so the work runs in threads. They
are daemon threads: a stopped run never waits for replies that are still in flight.
"""

import contextlib
import contextvars
import functools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from textgrad.errors import StopRun

Item = TypeVar("Item")
Result = TypeVar("Result")
Scope = tuple[tuple[str, Any], ...]

_scope: contextvars.ContextVar[Scope] = contextvars.ContextVar("scope", default=())
_deadline: contextvars.ContextVar[float] = contextvars.ContextVar("deadline", default=float("inf"))

LATE: Any = object()
"""Result of an item that missed the deadline of its `fan_out`."""


def current_scope() -> Scope:
    """Return the labels and item indices of the enclosing scopes, outermost first.

    The scope of a call is the same in every repetition of a run, so it can be part of the call's key.
    """
    return _scope.get()


def use_scope(scope: Scope) -> contextlib.AbstractContextManager[None]:
    """Replace the current scope inside the block."""
    return _set(_scope, scope)


@contextlib.contextmanager
def _set(variable: contextvars.ContextVar[Item], value: Item) -> Iterator[None]:
    """Set a context variable inside the block."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def scope(**labels: Any) -> contextlib.AbstractContextManager[None]:
    """Add labels such as `round=3, client=1` to the current scope inside the block."""
    return use_scope(current_scope() + tuple(labels.items()))


def deadline_passed() -> bool:
    """Return True if the deadline of the enclosing `fan_out` has passed, so that the result is not needed."""
    return time.monotonic() > _deadline.get()


class BackgroundTask(Generic[Result]):
    """A function that runs in a thread of its own, in a copy of the caller's scope."""

    def __init__(self, function: Callable[[], Result]):
        self._finished = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run, function), daemon=True).start()

    def _run(self, function: Callable[[], Result]) -> None:
        try:
            self._value = function()
        except BaseException as error:  # raised again by `result()`
            self._error = error
        finally:
            self._finished.set()

    def done(self) -> bool:
        """Return True if the function has returned or raised."""
        return self._finished.is_set()

    def succeeded(self) -> bool:
        """Return True if the function has returned a value."""
        return self.done() and self._error is None

    def wait(self) -> None:
        """Wait until the function has returned or raised."""
        self._finished.wait()

    def result(self) -> Result:
        """Wait for the function and return its value.

        Raises:
            Whatever the function raised.
        """
        self.wait()
        if self._error is not None:
            raise self._error
        return self._value


def run_in_background(function: Callable[[], Result]) -> BackgroundTask[Result]:
    """Start `function` in a thread of its own, in the caller's scope."""
    return BackgroundTask(function)


def fan_out(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    after: Sequence[Sequence[int]] | None = None,
    width: int | None = None,
    timeout: float | None = None,
) -> list[Result]:
    """Apply `function` to all items concurrently.

    Args:
        function: called once per item, with the item's index added to the scope.
        items: n items.
        after: for each item, the indices of the items that must finish before it starts; none by default.
        width: maximum number of items that run at once; unlimited by default.
        timeout: seconds after which the result of an unfinished item is `LATE`; unlimited by default.

    Returns:
        The n results, in the order of the items.

    Raises:
        StopRun: the first one raised, at once, even while other items wait for their replies.
        Whatever `function` raised: the first in input order, after all items that can run have finished.
    """
    items = list(items)
    if len(items) == 1 and timeout is None:
        with scope(item=0):
            return [function(items[0])]
    return _FanOut(function, items, after or [()] * len(items), width or len(items)).run(timeout)


class _FanOut:
    """State of one `fan_out`: which items are ready, which are running, and the results so far.

    The number of threads is not bounded: nested fan-outs that shared a bounded pool would deadlock.
    """

    def __init__(self, function: Callable, items: list, after: Sequence[Sequence[int]], width: int):
        self.function, self.items, self.width = function, items, width
        self.results: list = [LATE] * len(items)
        self.errors: dict[int, BaseException] = {}
        self.stop_error: StopRun | None = None
        self.blockers = [len(set(earlier)) for earlier in after]
        self.dependents: list[list[int]] = [[] for _ in items]
        for index, earlier in enumerate(after):
            for blocker in set(earlier):
                self.dependents[blocker].append(index)
        self.ready = deque(index for index, count in enumerate(self.blockers) if not count)
        self.running = 0
        self.outer = _fan_out.get()
        self.threads: _Threads = self.outer.threads if self.outer else _Threads()
        self.unfinished = len(items)
        self.closed = False
        self.changed = threading.Condition()

    def run(self, timeout: float | None) -> list:
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        with _set(_fan_out, self), _set(_deadline, min(deadline, _deadline.get())):
            try:
                if self.outer and timeout is None:
                    self._join_workers()
                else:
                    self._start_workers()
                with self.changed:
                    while self.unfinished and not self.stop_error and time.monotonic() < deadline:
                        self.changed.wait(None if timeout is None else deadline - time.monotonic())
            finally:
                self.closed = True  # also after ctrl-C: no further item starts
                if not self.outer:
                    self.threads.close()
        if self.stop_error:
            raise self.stop_error
        if self.errors:
            raise self.errors[min(self.errors)]
        return list(self.results)

    def _join_workers(self) -> None:
        """Start workers and be one of them: the waiting thread would otherwise be idle.

        The outermost caller does not, so that it can raise a `StopRun` while items wait for their replies.
        """
        self.running += 1
        self._start_workers(spare=1)
        self._work()

    def _start_workers(self, spare: int = 0) -> None:
        """Start workers while items are ready, except for `spare` items that the caller is about to take itself.

        The lock is free while a thread starts, so that workers which find their replies in the call log can take
        most of the items before more threads are started.
        """
        while True:
            with self.changed:
                if self.closed or len(self.ready) <= spare or self.running >= self.width:
                    return
                self.running += 1
            try:
                self.threads.start(self._work)
            except RuntimeError:  # the system allows no more threads: those that run take all items
                with self.changed:
                    self.running -= 1
                    if not self.running:
                        raise
                return

    def _work(self) -> None:
        while True:
            with self.changed:
                if self.closed or not self.ready:
                    self.running -= 1
                    return
                index = self.ready.popleft()
            self._run_item(index)

    def _run_item(self, index: int) -> None:
        error: BaseException | None = None
        try:
            with scope(item=index):
                self.results[index] = self.function(self.items[index])
        except BaseException as raised:  # raised again by `run`, in the caller's thread
            error = raised
        if self._finish(index, error) > 1:
            self._start_workers(spare=1)

    def _finish(self, index: int, error: BaseException | None) -> int:
        """Record the end of an item and return how many items became ready by it."""
        if isinstance(error, StopRun):
            self._stop(error)
        with self.changed:
            if error is not None:
                self.errors[index] = error
            self.unfinished -= 1
            released = []
            for dependent in self.dependents[index]:
                self.blockers[dependent] -= 1
                if not self.blockers[dependent]:
                    released.append(dependent)
            self.ready.extend(released)
            if not self.unfinished:
                self.closed = True
                self.changed.notify_all()
            return len(released)

    def _stop(self, reason: StopRun) -> None:
        """Stop this fan-out and all that enclose it."""
        with self.changed:
            self.stop_error = self.stop_error or reason
            self.closed = True
            self.changed.notify_all()
        if self.outer:
            self.outer._stop(reason)


class _Threads:
    """Daemon threads, reused by all fan-outs inside the outermost one: a new thread costs as much as a cached reply."""

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Callable[[], None] | None]] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(self, function: Callable[[], None]) -> None:
        """Run a function that does not raise, in a copy of the caller's context."""
        job = functools.partial(contextvars.copy_context().run, function)
        with self._lock:
            jobs = self._idle.pop() if self._idle else None
        if jobs is None:
            jobs = queue.SimpleQueue()
            threading.Thread(target=self._work, args=(jobs,), daemon=True).start()
        jobs.put(job)

    def close(self) -> None:
        """End each thread after its current job."""
        with self._lock:
            self._closed = True
            for jobs in self._idle:
                jobs.put(None)

    def _work(self, jobs: queue.SimpleQueue) -> None:
        while job := jobs.get():
            job()
            with self._lock:
                if self._closed:
                    return
                self._idle.append(jobs)


_fan_out: contextvars.ContextVar[_FanOut | None] = contextvars.ContextVar("fan_out", default=None)
