"""Threads that are used again."""

import contextvars
import sys
import threading

import pytest

from textgrad import workers


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No thread is there yet."""
    monkeypatch.setattr(workers._Worker, "idle", [])
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield
    sys.setswitchinterval(before)


def at_once(many: int) -> set[int]:
    """The threads that do so many pieces of work at the same time."""
    together, seen, ended = threading.Barrier(many), [], threading.Semaphore(0)

    def work():
        together.wait(timeout=20)
        seen.append(threading.get_ident())
        ended.release()

    for _ in range(many):
        workers.start(work)
    for _ in range(many):
        assert ended.acquire(timeout=20)
    return set(seen)


def test_work_at_the_same_time_has_threads_of_its_own_and_later_work_uses_them_again():
    first = at_once(50)
    assert len(first) == 50
    started, ended = set(), threading.Event()
    for _ in range(20):  # one after the other
        workers.start(lambda: (started.add(threading.get_ident()), ended.set()))
        assert ended.wait(timeout=20)
        ended.clear()
    assert len(started - first) <= 1  # a thread may still be on its way back when it is looked for


def test_work_sees_the_context_of_whoever_started_it():
    said, seen, ended = contextvars.ContextVar("said"), [], threading.Event()
    for word in ("one", "two"):
        said.set(word)
        workers.start(lambda: (seen.append(said.get()), ended.set()))
        assert ended.wait(timeout=20)
        ended.clear()
    assert seen == ["one", "two"]


def test_the_more_threads_there_are_the_less_often_each_asks_for_the_interpreter():
    at_once(400)
    assert sys.getswitchinterval() >= 0.02
