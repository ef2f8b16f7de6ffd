"""Writing beside a run: in order, each piece in its time, and no failure lost."""

import contextlib
import threading
import time

import pytest

from textgrad.concurrency import run_in_background
from textgrad.errors import BrokenSystem
from utils.run_log.writer import Writer


def until(condition) -> None:
    """Returns when a condition holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def ended(function):
    handle = run_in_background(function)
    handle.wait()
    return handle


def test_pieces_are_written_in_the_order_in_which_they_were_told_each_when_its_facts_are_there():
    writer, written, known = Writer(), [], threading.Event()
    waits = run_in_background(known.wait)
    writer.later(None, lambda: written.append(1))
    writer.later(waits, lambda: written.append(2))
    writer.later(None, lambda: written.append(3))
    until(lambda: written)
    writer.go_on()
    assert written == [1]
    known.set()
    waits.wait()
    writer.finish()
    assert written == [1, 2, 3]


def test_nobody_waits_for_a_slow_disk():
    writer, disk, written = Writer(), threading.Event(), []
    writer.later(None, disk.wait)
    writer.later(None, lambda: written.append(threading.get_ident()))
    assert not written
    disk.set()
    writer.finish()
    assert len(written) == 1 and written != [threading.get_ident()]


def fails():
    raise BrokenSystem("the disk is full")


@pytest.mark.parametrize("told_by", [Writer.finish, lambda writer: writer.later(None, lambda: None)])
def test_what_could_not_be_written_is_heard_by_all_who_add_or_finish_and_nothing_follows(told_by):
    writer, written = Writer(), []
    with contextlib.suppress(BrokenSystem):
        writer.later(None, fails)
    until(lambda: writer._failure)
    for _ in range(2):
        writer.go_on()  # by a client, which is not to fail with it
        with pytest.raises(BrokenSystem, match="full"):
            told_by(writer)
    with contextlib.suppress(BrokenSystem):
        writer.later(None, lambda: written.append(1))
    assert not written


def test_never_do_two_threads_write_at_once_and_the_order_holds():
    writer, written, writing, most = Writer(), [], [], []

    def write(number):
        writing.append(number)
        most.append(len(writing))
        time.sleep(0.001)
        written.append(number)
        writing.remove(number)

    clients = [threading.Thread(target=lambda: [writer.go_on() for _ in range(200)]) for _ in range(4)]
    for client in clients:
        client.start()
    for number in range(60):
        writer.later(None, lambda number=number: write(number))
        if number % 20 == 19:
            writer.finish()
    for client in clients:
        client.join()
    assert written == list(range(60)) and max(most) == 1


def test_what_waits_for_something_that_failed_is_never_written():
    writer, written = Writer(), []
    writer.later(ended(lambda: 1 / 0), lambda: written.append(1))
    writer.finish()
    assert not written


def test_after_a_stop_nothing_is_written_any_more():
    writer, disk, written = Writer(), threading.Event(), []
    writer.later(None, disk.wait)
    writer.later(None, lambda: written.append(1))
    threading.Timer(0.1, disk.set).start()
    writer.stop()
    assert disk.is_set() and not written
