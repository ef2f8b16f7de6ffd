"""Tests of fan-out, background tasks and scopes."""

import threading
import time

import pytest

from textgrad.concurrency import (
    LATE,
    current_scope,
    deadline_passed,
    fan_out,
    run_in_background,
    scope,
)
from textgrad.errors import BrokenSystem, StopRun


def test_results_are_in_input_order_regardless_of_completion_order():
    def slow_first(number):
        time.sleep(0.02 * (5 - number))
        return number * 10

    assert fan_out(slow_first, range(5)) == [0, 10, 20, 30, 40]


def test_items_run_concurrently():
    barrier = threading.Barrier(4, timeout=5)
    fan_out(lambda _: barrier.wait(), range(4))


def test_at_most_width_items_run_at_once():
    running, peak, lock = 0, 0, threading.Lock()

    def work(_):
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    fan_out(work, range(20), width=3)
    assert peak == 3


def test_an_item_starts_as_soon_as_the_items_it_depends_on_have_finished():
    finished, chain_finished = [], threading.Event()

    def work(index):
        if index == 1:  # blocks only itself: items 2 and 3 depend on item 0 alone
            assert chain_finished.wait(5)
        finished.append(index)
        if index == 3:
            chain_finished.set()

    fan_out(work, range(4), after=[[], [], [0], [2]])
    assert finished == [0, 2, 3, 1]


def test_the_first_error_in_input_order_is_raised_after_all_items_have_finished():
    finished = []

    def work(number):
        time.sleep(0.02 * (3 - number))
        finished.append(number)
        if number:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match="1"):
        fan_out(work, range(3))
    assert sorted(finished) == [0, 1, 2]


def test_stop_run_is_raised_at_once_while_other_items_wait():
    release = threading.Event()

    def work(number):
        if number:
            raise BrokenSystem("bad key")
        release.wait(10)

    started = time.monotonic()
    with pytest.raises(BrokenSystem, match="bad key"):
        fan_out(work, range(2))
    assert time.monotonic() - started < 5
    release.set()


def test_an_item_that_misses_the_deadline_is_late_and_can_tell():
    release, passed = threading.Event(), []

    def work(number):
        if number == 1:
            release.wait(10)
            passed.append(deadline_passed())
        return number

    results = fan_out(work, range(3), timeout=0.2)
    assert results == [0, LATE, 2]
    release.set()
    time.sleep(0.1)
    assert passed == [True]


def test_nested_items_have_both_indices_in_their_scope():
    def outer(letter):
        with scope(step=7):
            return fan_out(lambda _: current_scope(), range(2))

    with scope(round=3):
        scopes = fan_out(outer, "ab")
    assert scopes[1][0] == (("round", 3), ("item", 1), ("step", 7), ("item", 0))
    assert len({each for pair in scopes for each in pair}) == 4
    assert current_scope() == ()


def test_a_single_item_has_an_index_in_its_scope():
    assert fan_out(lambda _: current_scope(), ["only"]) == [(("item", 0),)]


def test_a_background_task_returns_its_value_or_raises_its_error():
    assert run_in_background(lambda: 5).result() == 5

    def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_in_background(fail).result()


def test_no_items_give_no_results():
    assert fan_out(lambda item: item, []) == []


def test_a_background_task_runs_in_the_scope_of_its_caller():
    with scope(round=2):
        task = run_in_background(current_scope)
    assert task.result() == (("round", 2),)


def test_all_items_of_nested_fan_outs_run_concurrently():
    barrier = threading.Barrier(9, timeout=30)

    def work(item):
        barrier.wait()  # passes once the items of all three inner fan-outs have started
        return item

    results = fan_out(lambda outer: fan_out(lambda inner: work((outer, inner)), range(3)), range(3))
    assert results == [[(outer, inner) for inner in range(3)] for outer in range(3)]


def test_deeply_nested_fan_outs_do_not_deadlock():
    def nested(depth):
        return sum(fan_out(nested, [depth - 1] * 2)) if depth else 1

    assert nested(6) == 64


def test_a_chain_of_dependencies_runs_in_order():
    order = []
    fan_out(order.append, range(4), after=[[3], [0], [1], []])
    assert order == [3, 0, 1, 2]


def test_stop_run_is_raised_even_if_every_item_raises_it():
    def stop(item):
        raise StopRun(str(item))

    with pytest.raises(StopRun):
        fan_out(stop, range(1000))


def test_stop_run_is_raised_while_the_first_item_waits():
    release = threading.Event()

    def wait_or_stop(item):
        if item:
            raise StopRun("over")
        release.wait(30)

    started = time.monotonic()
    with pytest.raises(StopRun):
        fan_out(wait_or_stop, range(3))
    assert time.monotonic() - started < 10
    release.set()


def test_stop_run_in_a_nested_fan_out_ends_the_outermost_one_at_once():
    release = threading.Event()

    def inner(item):
        if item == 1:
            raise StopRun("over")
        release.wait(10)  # the thread that called the nested fan-out waits here

    started = time.monotonic()
    with pytest.raises(StopRun, match="over"):
        fan_out(lambda _: fan_out(inner, range(2)), range(2))
    assert time.monotonic() - started < 5
    release.set()


@pytest.mark.parametrize("raised", [StopRun("over"), KeyboardInterrupt()])
def test_no_item_starts_after_a_stop(raised, monkeypatch):
    started, release = [], threading.Event()

    def work(item):
        started.append(item)
        if isinstance(raised, StopRun) and item == 1:
            raise raised
        release.wait(30)

    if isinstance(raised, KeyboardInterrupt):  # arrives in the thread that waits for the results
        monkeypatch.setattr(threading.Condition, "wait", lambda self, timeout=None: (_ for _ in ()).throw(raised))
    with pytest.raises(type(raised)):
        fan_out(work, range(10), width=2)
    monkeypatch.undo()
    release.set()
    time.sleep(0.1)
    assert set(started) <= {0, 1}


def test_fast_items_share_a_few_threads():
    threads = fan_out(lambda _: threading.get_ident(), range(1000))
    assert len(set(threads)) < 500
