"""The progress of a run: phase, calls by part, and a total that corrects itself."""

import threading

import pytest
import toy

from textgrad.concurrency import scope
from utils.run_log.expected_calls import ExpectedCalls
from utils.run_log.progress import Progress


def count(progress: Progress, calls: int, **labels) -> None:
    for _ in range(calls):
        with scope(**labels), scope(client=1):
            progress.count()


def test_the_phase_names_the_round():
    progress = Progress(3)
    assert progress.phase == "starting"
    progress.begin("merging", 2)
    assert progress.phase == "round 2/3, merging"
    progress.begin("testing")
    assert progress.phase == "testing"


def test_there_is_no_total_without_a_forecast():
    progress = Progress(3)
    count(progress, 5, round=1)
    assert progress.total is None


def test_the_total_shrinks_when_a_round_ends_with_fewer_calls():
    progress = Progress(2)
    progress.expect({(("round", 1),): 10, (("round", 2),): 10, (("scores", "best"),): 5})
    progress.begin("training", 1)
    count(progress, 6, round=1)
    assert progress.total == 25
    progress.begin("training", 2)
    assert progress.total == 21
    progress.begin("testing")
    assert progress.total == 11


def test_the_total_grows_with_unexpected_calls_and_is_never_exceeded():
    progress = Progress(2)
    progress.expect({(("round", 1),): 2})
    for done in range(1, 8):
        count(progress, 1, round=1)
        assert progress.total == max(2, done)
    count(progress, 1, scores="best")
    assert progress.total == progress.calls.total() == 8


@pytest.mark.slow
def test_the_dry_run_beside_a_run_counts_its_calls_by_part(tmp_path):
    config, received, arrived = toy.config(tmp_path), {}, threading.Event()
    ExpectedCalls(config, lambda calls: (received.update(calls), arrived.set()), delay=0)
    assert arrived.wait(60)
    _, federation, *_ = toy.train(config)
    assert sum(received.values()) == sum(used.requests for used in federation.engines.gateway.usage.values())
    assert {(("round", 1),), (("round", 2),), (("scores", "best"),)} < received.keys()
    assert received[("scores", "best"),] == 10


def test_a_stopped_dry_run_does_not_start(tmp_path):
    expected = ExpectedCalls(toy.config(tmp_path), pytest.fail, delay=60)
    expected.stop()
    expected._task.wait()
    assert expected._process is None


@pytest.mark.parametrize("more", [["--scorer", "mine.py:score"], ["--allow_code"], ["--runtime", "flower"]])
def test_a_run_with_a_users_code_or_remote_data_has_no_dry_run_beside_it(tmp_path, more):
    assert ExpectedCalls(toy.config(tmp_path, *more), pytest.fail, delay=0)._task is None
