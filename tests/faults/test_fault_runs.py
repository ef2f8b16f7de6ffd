"""Every fault on 5 percent of the calls of a federated run, at random."""

import random
import re
import threading
import time
from collections import Counter

import pytest
from fault_runs import KEY, Runs
from fault_server import Fault

from utils.aggregation.prompts import FURTHER_INSTRUCTIONS

RATE = 0.05
_LIMITED = {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}
SOON = Fault(429, _LIMITED, {"Retry-After": "0.05"})
PAST_DATE = Fault(429, _LIMITED, {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"})


@pytest.fixture
def runs(tmp_path, monkeypatch, capsys, quick):
    return Runs(tmp_path, monkeypatch, capsys)


def run_with_faults(runs, name, fault, **more):
    """Run with a fault on every twentieth call on average. Return exit status, standard error, faults and calls."""
    rng = random.Random(f"{name} at {RATE}")
    status, errors, server = runs(
        name,
        "--request_timeout",
        "2" if fault not in ("hang", "drip") else "0.6",
        policy=lambda request, number: fault if rng.random() < RATE else None,
        hang=5,
        refuse=0.3,
        **more,
    )
    return status, errors, sum(seen.fault is not None for seen in server.requests), len(server.requests)


def assert_only_good_prompts(runs, name):
    """Check that no prompt contains the text of a fault, but only lines of the task and lessons.

    A merge whose requests all failed is a concatenation, which has headings between the uploads.
    """
    prompts = runs.prompts(name)
    known = prompts["initial.txt"].splitlines()
    merges = [each["merge"] for each in runs.results(name)["rounds"] if each["merge"]]
    if any("concat" in merge["fallbacks"] for merge in merges):
        known += ["", FURTHER_INSTRUCTIONS]
    for prompt in prompts.values():
        assert prompt.strip()
        assert all(line in known or line.startswith("Lesson topic-") for line in prompt.splitlines())


@pytest.mark.parametrize(
    "name, fault",
    [
        ("429-retry-after", SOON),
        ("429-date", PAST_DATE),
        *(
            (name, name)
            for name in ("429", "500", "502", "503", "529", "drop", "reset", "hang", "drip", "refuse", "error-in-200")
        ),
    ],
)
def test_transient_faults_change_only_the_duration(runs, row, name, fault):
    assert runs("clean")[0] == 0
    status, _, faults, calls = run_with_faults(runs, name, fault)
    row(name, "5 %", f"{faults} of {calls} calls, same results as without faults")
    assert status == 0 and faults >= 3
    assert runs.story(name) == runs.story("clean")


@pytest.mark.parametrize(
    "name",
    ["html", "no-choices", "empty-choices", "empty", "null", "whitespace", "content-filter", "truncated", "context"],
)
def test_bad_replies_are_counted_and_do_not_stop_the_run(runs, row, name):
    status, _, faults, calls = run_with_faults(runs, name, name)
    assert status == 0 and faults >= 3
    results = runs.results(name)
    flaws = dict(sum((Counter(used["bad_replies"]) for used in results["usage"].values()), Counter()))
    row(name, "5 %", f"{faults} of {calls} calls, bad replies {flaws or 'none left'}")
    assert results["status"] == "complete" and results["metrics"]["best_test_acc"]["value"] > 0.2
    if name in ("truncated", "context", "empty"):
        assert flaws
    assert_only_good_prompts(runs, name)


@pytest.mark.parametrize("name", ["400", "401", "403", "404", "429-quota"])
def test_a_permanent_error_stops_the_run_with_one_line(runs, row, name):
    status, errors, faults, calls = run_with_faults(runs, name, name)
    assert status == 2 and faults >= 1 and not (runs.path(name) / "results.json").exists()
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "HTTP " in lines[0] and "http://127.0.0.1" in lines[0] and " x " in lines[0]
    assert KEY not in errors and "Traceback" not in errors
    row(name, "5 %", f"stopped after {calls} calls, exit 2, one line")


def test_a_run_whose_calls_all_fail_from_the_middle_on_stops_without_results(runs, row):
    status, errors, server = runs("always", policy=lambda request, number: "500" if number > 60 else None)
    assert status == 2 and not (runs.path("always") / "results.json").exists()
    assert re.search(r"error: \d+ consecutive requests failed.*HTTP 500: The server had an error", errors)
    row("every call fails", "5 %", f"from call 61 on: stopped after {len(server.requests) - 61} more, exit 2")


def test_a_slow_reply_delays_only_the_client_that_waits_for_it(runs):
    first = threading.Lock()

    def reply(request):
        if request["messages"][0]["content"].startswith("You are the critic") and first.acquire(blocking=False):
            time.sleep(2.5)
        return answer(request)

    answer, runs.reply = runs.reply, reply
    assert runs("slow")[0] == 0
    steps = re.findall(r"round 1  client (\d)  step (\d)", (runs.path("slow") / "run.log").read_text())
    delayed = steps[-1][0]
    assert steps[-2:] == [(delayed, "1"), (delayed, "2")] and len(steps) == 6
