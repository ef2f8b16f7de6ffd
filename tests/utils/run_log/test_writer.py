"""Writing in the background: in order, each write after its task, and no failure lost."""

import contextlib
import threading
import time

import pytest

from textgrad.concurrency import run_in_background
from textgrad.errors import BrokenSystem
from utils.run_log.writer import Writer


def until(condition) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_writes_are_in_the_order_of_submission_each_after_its_task():
    writer, written, ready = Writer(), [], threading.Event()
    task = run_in_background(ready.wait)
    writer.submit(lambda: written.append(1))
    writer.submit(lambda: written.append(2), after=task)
    writer.submit(lambda: written.append(3))
    until(lambda: written)
    time.sleep(0.05)
    assert written == [1]
    ready.set()
    writer.finish()
    assert written == [1, 2, 3]


def test_the_caller_does_not_wait_for_a_slow_disk():
    writer, disk, written = Writer(), threading.Event(), []
    writer.submit(lambda: disk.wait(20))
    writer.submit(lambda: written.append(threading.get_ident()))
    assert not written
    disk.set()
    writer.finish()
    assert len(written) == 1 and written != [threading.get_ident()]


@pytest.mark.parametrize("call", [Writer.finish, lambda writer: writer.submit(lambda: None)])
def test_after_a_failure_every_call_raises_and_nothing_is_written(call):
    def fail():
        raise BrokenSystem("the disk is full")

    writer, written = Writer(), []
    writer.submit(fail)
    with contextlib.suppress(BrokenSystem):
        writer.submit(lambda: written.append(1))
    until(lambda: writer._failure)
    for _ in range(2):
        with pytest.raises(BrokenSystem, match="full"):
            call(writer)
    assert not written


def test_one_thread_writes_while_many_submit():
    writer, written, threads = Writer(), [], set()

    def write(number):
        threads.add(threading.get_ident())
        written.append(number)

    clients = [
        threading.Thread(
            target=lambda first=first: [writer.submit(lambda n=n: write(n)) for n in range(first, first + 50)]
        )
        for first in range(0, 200, 50)
    ]
    writer.submit(lambda: None)
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    writer.finish()
    assert sorted(written) == list(range(200)) and len(threads) == 1
    for first in range(0, 200, 50):  # the writes of one thread keep their order
        own = [number for number in written if first <= number < first + 50]
        assert own == sorted(own)


def test_after_a_failed_task_nothing_is_written():
    writer, written = Writer(), []
    failed = run_in_background(lambda: 1 / 0)
    writer.submit(lambda: written.append(1), after=failed)
    writer.submit(lambda: written.append(2))
    writer.finish()
    assert not written


def test_after_stop_nothing_is_written():
    writer, begun, disk, written = Writer(), threading.Event(), threading.Event(), []
    writer.submit(lambda: begun.set() or disk.wait(20))
    writer.submit(lambda: written.append(1))
    assert begun.wait(20)
    threading.Timer(0.1, disk.set).start()
    writer.stop()
    writer._thread.join(20)
    assert disk.is_set() and not written
