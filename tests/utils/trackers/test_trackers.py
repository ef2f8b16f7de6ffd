"""Trackers run in the background, are found by file, and never end a run."""

import json
import threading

import pytest
import toy
from scratch_copy import copy_project, readme_example, run_in

from utils.trackers import BackgroundTracker, Tracker


def test_calls_arrive_in_order_in_one_other_thread():
    seen = []

    class Recorder(Tracker):
        def log_metric(self, name, value, step):
            seen.append((name, value, step, threading.current_thread().name))

    tracker = BackgroundTracker("recorder", Recorder, pytest.fail)
    for step in range(50):
        tracker.log_metric("accuracy", 0.5, step)
    tracker.close()
    assert seen == [("accuracy", 0.5, step, "tracker recorder") for step in range(50)]


@pytest.mark.parametrize("method", ["log_params", "log_metric", "log_text", "log_file", "close"])
def test_a_tracker_that_fails_is_reported_once_without_secrets(method, monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_API_KEY", "secret-key-123")

    def fail(self, *args):
        raise OSError("secret-key-123 was refused")

    failing = type("Failing", (Tracker,), {method: fail})
    warnings = []
    tracker = BackgroundTracker("failing", failing, warnings.append)
    for step in range(3):
        tracker.log_params({})
        tracker.log_metric("accuracy", 0.5, step)
        tracker.log_text("prompt", step)
        tracker.log_file(tmp_path)
    tracker.close()
    assert warnings == ["failing tracker stopped: OSError: *** was refused"]


def test_a_tracker_that_hangs_is_abandoned_with_one_line():
    hang, warnings = threading.Event(), []
    tracker = BackgroundTracker("slow", lambda: hang.wait(60) and None, warnings.append)
    tracker.log_params({})
    tracker.close(0.1)
    assert len(warnings) == 1 and "its server does not respond" in warnings[0]
    hang.set()


def test_the_example_of_the_readme_logs_a_run(tmp_path):
    project = copy_project(tmp_path / "project")
    path, example = readme_example("utils/trackers/README.md")
    (project / path).write_text(example)
    finished = run_in(project, *toy.options(tmp_path), "--log_dir", "logs", "--tracker", "jsonl")
    assert finished.returncode == 0, finished.stderr
    records = [json.loads(line) for line in (project / "logs" / "tracker.jsonl").read_text().splitlines()]
    assert records[0]["params"]["batch_size"] == 3 and "best_test_acc" in records[-1]["params"]
    steps = [record["step"] for record in records if record.get("metric") == "validation_acc"]
    assert steps == [0, 1, 2]
    assert any(record.get("text") for record in records)
