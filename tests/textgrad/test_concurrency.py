"""The one fan-out."""

import threading
import time

import pytest

from textgrad.concurrency import (
    LATE,
    current_scope,
    deadline_passed,
    fan_out,
    hurried,
    must_wait,
    run_in_background,
    scope,
)
from textgrad.errors import BrokenSystem, StopRun


def test_results_come_in_input_order_whatever_ends_first():
    def slow_first(number):
        time.sleep(0.02 * (5 - number))
        return number * 10

    assert fan_out(slow_first, range(5)) == [0, 10, 20, 30, 40]


def test_items_run_side_by_side():
    barrier = threading.Barrier(4, timeout=5)
    fan_out(lambda _: barrier.wait(), range(4))


def test_no_more_than_width_run_at_once():
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


def test_an_item_starts_when_those_it_waits_for_have_ended_and_not_later():
    ended, first_chain_done = [], threading.Event()

    def work(index):
        if index == 1:  # holds up nothing but itself: items 2 and 3 follow item 0 alone
            assert first_chain_done.wait(5)
        ended.append(index)
        if index == 3:
            first_chain_done.set()

    fan_out(work, range(4), after=[[], [], [0], [2]])
    assert ended == [0, 2, 3, 1]


def test_the_first_error_in_input_order_is_raised_after_all_have_ended():
    ended = []

    def work(number):
        time.sleep(0.02 * (3 - number))
        ended.append(number)
        if number:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match="1"):
        fan_out(work, range(3))
    assert sorted(ended) == [0, 1, 2]


def test_a_broken_system_is_raised_at_once_while_others_still_wait():
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


def test_what_has_not_ended_in_time_is_late_and_knows_it():
    release, told = threading.Event(), []

    def work(number):
        if number == 1:
            release.wait(10)
            told.append(deadline_passed())
        return number

    results = fan_out(work, range(3), timeout=0.2)
    assert results == [0, LATE, 2]
    release.set()
    time.sleep(0.1)
    assert told == [True]


def test_every_item_knows_its_place_and_nested_ones_both():
    def outer(letter):
        with scope(step=7):
            return fan_out(lambda _: current_scope(), range(2))

    with scope(round=3):
        places = fan_out(outer, "ab")
    assert places[1][0] == (("round", 3), ("item", 1), ("step", 7), ("item", 0))
    assert len({each for pair in places for each in pair}) == 4
    assert current_scope() == ()


def test_a_single_item_has_a_place_like_any_other():
    assert fan_out(lambda _: current_scope(), ["only"]) == [(("item", 0),)]


def test_work_beside_gives_its_value_or_its_error_to_whoever_asks():
    assert run_in_background(lambda: 5).result() == 5

    def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_in_background(fail).result()


def test_nothing_to_do_is_done():
    assert fan_out(lambda item: item, []) == []


@pytest.fixture
def in_a_hurry():
    with hurried():
        yield


def test_what_need_not_wait_is_done_in_one_thread(in_a_hurry):
    nested = fan_out(lambda _: fan_out(lambda _: threading.get_ident(), range(3)), range(3))
    idents = {ident for inner in nested for ident in inner}
    assert len(idents) == 1 and threading.get_ident() not in idents


def test_from_the_first_wait_on_all_items_of_all_levels_run_side_by_side(in_a_hurry):
    everybody = threading.Barrier(9, timeout=30)

    def wait(item):
        must_wait()
        everybody.wait()  # passes when the items of all three inner fan-outs are here
        return item

    assert fan_out(lambda outer: fan_out(lambda inner: wait((outer, inner)), range(3)), range(3)) == [
        [(outer, inner) for inner in range(3)] for outer in range(3)
    ]


def test_a_hurried_fan_out_keeps_order_width_and_errors(in_a_hurry):
    done = []
    fan_out(done.append, range(4), after=[[3], [0], [1], []])
    assert done == [3, 0, 1, 2]

    def fails(item):
        done.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match="1"):
        fan_out(fails, [1, 2])
    assert done[-2:] == [1, 2]
    with pytest.raises(StopRun):
        fan_out(lambda item: (_ for _ in ()).throw(StopRun(str(item))), range(1000))


def test_a_stop_is_heard_at_once_while_the_first_item_still_waits(in_a_hurry):
    released = threading.Event()

    def hangs_or_stops(item):
        must_wait()
        if item:
            raise StopRun("over")
        released.wait(30)

    started = time.monotonic()
    with pytest.raises(StopRun):
        fan_out(hangs_or_stops, range(3))
    assert time.monotonic() - started < 10
    released.set()


def test_asking_for_what_is_there_already_is_no_waiting(in_a_hurry):
    known = run_in_background(lambda: 1)
    known.wait()

    def asks(_):
        known.result()
        return threading.get_ident()

    assert len(set(fan_out(asks, range(50)))) == 1


def test_the_hurry_ends_with_its_block():
    with hurried():
        pass
    everybody = threading.Barrier(3, timeout=10)
    fan_out(lambda _: everybody.wait(), range(3))


def test_a_wait_that_began_elsewhere_holds_no_other_item(in_a_hurry):
    both = threading.Barrier(2, timeout=10)

    def outer(_):
        elsewhere = threading.Thread(target=must_wait)
        elsewhere.start()
        elsewhere.join()
        fan_out(lambda inner: inner or both.wait(), range(2))  # passes when the other outer item is as far

    fan_out(outer, range(2))
