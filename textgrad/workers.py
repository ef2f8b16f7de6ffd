"""Threads that are used again: to start one anew costs as much processor time as the rest of what it is for."""

import _thread
import contextvars
import functools
import itertools
import sys
from collections.abc import Callable

_PATIENCE = 50e-6  # seconds a thread


def start(function: Callable[..., None], *arguments) -> None:
    """Runs `function`, which must not raise, in a daemon thread of its own, in a copy of the caller's context."""
    try:
        worker = _Worker.idle.pop()
    except IndexError:
        worker = _Worker()
    worker.give(functools.partial(contextvars.copy_context().run, function, *arguments))


class _Worker:
    """A thread that takes one piece of work after another.

    Whoever waits for the interpreter wakes up once an interval to ask for it: with more threads it must be less often,
    or a thousand of them do little else.
    """

    idle: list["_Worker"] = []
    _numbers = itertools.count(1)

    def __init__(self):
        sys.setswitchinterval(max(sys.getswitchinterval(), next(self._numbers) * _PATIENCE))
        self._work: Callable[[], None] | None = None
        self._given = _thread.allocate_lock()
        self._given.acquire()
        _thread.start_new_thread(self._run, ())

    def give(self, work: Callable[[], None]) -> None:
        self._work = work
        self._given.release()

    def _run(self) -> None:
        while True:
            self._given.acquire()
            work, self._work = self._work, None
            work()
            del work  # what it held may be large, and the next piece may be long in coming
            self.idle.append(self)
