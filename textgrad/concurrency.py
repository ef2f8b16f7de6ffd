"""The one fan-out: independent work side by side, results in input order, and the place of each piece in the run.

Threads, because engines block on the network and a user's own engine may be any synchronous code. They are daemon
threads: a stopped run never waits for a reply that nobody will read.
"""

import contextlib
import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from textgrad.errors import StopRun
from textgrad.workers import start

Item = TypeVar("Item")
Result = TypeVar("Result")

_place: contextvars.ContextVar[tuple] = contextvars.ContextVar("place", default=())
_deadline: contextvars.ContextVar[float] = contextvars.ContextVar("deadline", default=float("inf"))

LATE = object()
"""Stands for the result of an item that had not ended in time."""


def current_scope() -> tuple:
    """Where in the run this code stands: labels and fan-out indices, outermost first. The same at every repetition."""
    return _place.get()


class use_scope:
    """Makes a place the place of everything inside the block."""

    __slots__ = ("_place", "_token")

    def __init__(self, current_scope: tuple):
        self._place = current_scope

    def __enter__(self) -> None:
        self._token = _place.set(self._place)

    def __exit__(self, *error) -> None:
        _place.reset(self._token)


def scope(**labels) -> use_scope:
    """Adds labels such as round=3, client=1 to the place of everything inside the block."""
    return use_scope(current_scope() + tuple(labels.items()))


def deadline_passed() -> bool:
    """True when the fan-out this code runs in has a time limit that has passed: nobody waits for it any more."""
    return time.monotonic() > _deadline.get()


class _Here(threading.local):
    """Fan-outs that this thread works off itself, the outermost first."""

    def __init__(self):
        self.fan_outs: list[_FanOut] = []


class _Pace:
    """Whether anything has had to be waited for yet. Replies that are known already need no threads."""

    waits = True
    here = _Here()


@contextlib.contextmanager
def hurried() -> Iterator[None]:
    """Inside the block fan-outs work off their items in the caller's thread until something `must_wait`: half the time,
    where all replies are in the call log."""
    _Pace.waits = False
    try:
        yield
    finally:
        _Pace.waits = True


def in_a_hurry() -> bool:
    """True as long as nothing had to be waited for: another thread would only be in the way."""
    return not _Pace.waits


def must_wait() -> None:
    """To be called before waiting for the world outside: from here on, independent work runs side by side."""
    _Pace.waits = True
    _spread()


def _spread() -> None:
    """Gives to threads what this one would do later: it is about to wait."""
    for fan_out in _Pace.here.fan_outs:
        fan_out.spread()


class BackgroundTask:
    """Work that was started beside the caller's own; `result()` waits for it."""

    def __init__(self, function: Callable[[], Any]):
        self._ended = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None
        start(self._run, function)

    def _run(self, function: Callable[[], Any]) -> None:
        try:
            self._value = function()
        except BaseException as error:  # carried to whoever asks for the result, never swallowed
            self._error = error
        finally:
            self._ended.set()

    def done(self) -> bool:
        """True when `result()` would not wait."""
        return self._ended.is_set()

    def succeeded(self) -> bool:
        """True when `result()` would give a value at once."""
        return self.done() and self._error is None

    def wait(self) -> None:
        """Returns when the function has ended, however it did."""
        if not self.done():
            _spread()
            self._ended.wait()

    def result(self):
        """The function's value, waited for.

        Raises:
            whatever the function raised.
        """
        self.wait()
        if self._error is not None:
            raise self._error
        return self._value


def run_in_background(function: Callable[[], Result]) -> BackgroundTask:
    """Starts `function` beside the caller, at the caller's place in the run."""
    return BackgroundTask(function)


def fan_out(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    after: Sequence[Sequence[int]] | None = None,
    width: int | None = None,
    timeout: float | None = None,
) -> list[Result]:
    """Applies `function` to all items side by side.

    Args:
        function: called once an item, each in its own thread, with the item's index added to its place.
        items: n items.
        after: for item i, the indices of the items that must have ended before it starts; none when left out.
        width: how many run at once at the most; no limit when left out.
        timeout: seconds after which the result of an item that has not ended is `LATE`; no limit when left out.

    Returns:
        The n results in the order of the items.

    Raises:
        StopRun: the first one raised, at once, while other items may still be waiting for their replies.
        whatever `function` raised: the first in input order, after all items that can run have ended.
    """
    items = list(items)
    if len(items) == 1 and timeout is None:
        with scope(item=0):
            return [function(items[0])]
    return _FanOut(function, items, after or [()] * len(items), width or len(items)).run(timeout)


class _FanOut:
    """One fan-out while it runs: which items may start, which have ended, and what they gave."""

    def __init__(self, function, items: list, after: Sequence[Sequence[int]], width: int):
        self.function, self.items, self.width = function, items, width
        self.results: list = [LATE] * len(items)
        self.errors: dict[int, BaseException] = {}
        self.waits_for = [len(set(earlier)) for earlier in after]
        self.followers: list[list[int]] = [[] for _ in items]
        for index, earlier in enumerate(after):
            for other in set(earlier):
                self.followers[other].append(index)
        self.ready = deque(index for index, count in enumerate(self.waits_for) if not count)
        self.running = 0
        self.here = False
        self.left = len(items)
        self.stopped: StopRun | None = None
        self.closed = False
        self.changed = threading.Condition()

    def run(self, timeout: float | None) -> list:
        end = float("inf") if timeout is None else time.monotonic() + timeout
        token = _deadline.set(min(end, _deadline.get()))
        try:
            if not _Pace.waits and timeout is None:
                self._work_off()
            else:
                _spread()
            with self.changed:
                self._start_workers()
                while self.left and not self.stopped and (timeout is None or time.monotonic() < end):
                    self.changed.wait(None if timeout is None else end - time.monotonic())
                self.closed = True
        finally:
            _deadline.reset(token)
        if self.stopped:
            raise self.stopped
        if self.errors:
            raise self.errors[min(self.errors)]
        return list(self.results)

    def _work_off(self) -> None:
        """Begins without fanning out. The main thread has one other do it, to hear of a stop or of ctrl-C at once."""
        self.here, self.running = True, 1
        if threading.get_ident() == threading.main_thread().ident:
            start(self._work_here)
        else:
            self._work_here()

    def _work_here(self) -> None:
        """One item after the other in this thread, until one must wait."""
        _Pace.here.fan_outs.append(self)
        while self.here and self.ready and not self.stopped:
            self._do(self.ready.popleft())
        _Pace.here.fan_outs.pop()
        with self.changed:
            self.running -= 1
        self.spread()

    def spread(self) -> None:
        """Gives what is left to do to threads."""
        with self.changed:
            self.here = False
            self._start_workers()

    def _start_workers(self, asking: int = 0) -> None:
        """Called with the lock held: as many workers as there is ready work and width for, when so many more are about
        to ask for work themselves."""
        if self.here:
            return
        for _ in range(min(len(self.ready) - asking, self.width - self.running)):
            self.running += 1
            start(self._work)

    def _work(self) -> None:
        while True:
            with self.changed:
                if not self.ready or self.closed:
                    self.running -= 1
                    return
                index = self.ready.popleft()
            self._do(index)

    def _do(self, index: int) -> None:
        try:
            with scope(item=index):
                self.results[index] = self.function(self.items[index])
        except BaseException as error:  # every kind is raised again by run(), in the caller's thread
            self._ended(index, error)
        else:
            self._ended(index, None)

    def _ended(self, index: int, error: BaseException | None) -> None:
        with self.changed:
            if isinstance(error, StopRun):
                self.stopped = self.stopped or error
            elif error is not None:
                self.errors[index] = error
            self.left -= 1
            for follower in self.followers[index]:
                self.waits_for[follower] -= 1
                if not self.waits_for[follower]:
                    self.ready.append(follower)
            self._start_workers(asking=1)
            if not self.left or self.stopped:
                self.changed.notify_all()
