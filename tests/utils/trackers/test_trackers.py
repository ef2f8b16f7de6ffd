"""Trackers run in the background, are found by file, and never end a run."""

import importlib.util
import json
import sys
import threading
import time

import pytest
import toy
from scratch_copy import copy_project, readme_example, run_in

import main
from utils.config import Config
from utils.trackers import TrackedRun, Tracker
from utils.trackers._background import BackgroundTracker, Trackers, without_secrets

KEY = "secret-key-123"


def trackers(warn, **made) -> Trackers:
    """Return trackers by name, each made by a function."""
    return Trackers([BackgroundTracker(name, make, warn) for name, make in made.items()])


def recorder(seen: list) -> type[Tracker]:
    """Return a tracker that appends what it gets to a list."""

    class Recorder(Tracker):
        def log_params(self, params):
            seen.append(params)

        def log_metric(self, name, value, step):
            seen.append((name, value, step, threading.current_thread().name))

        def log_text(self, text, step):
            seen.append(text)

        def close(self):
            seen.append("closed")

    return Recorder


def test_calls_arrive_in_order_in_one_other_thread_per_tracker():
    first, second = [], []
    both = trackers(pytest.fail, first=recorder(first), second=recorder(second))
    for step in range(50):
        both.log_metric("accuracy", 0.5, step)
        both.log_metric("share of nothing", None, step)
    both.close()
    for name, seen in (("first", first), ("second", second)):
        assert seen == [*(("accuracy", 0.5, step, f"tracker {name}") for step in range(50)), "closed"]


@pytest.mark.parametrize("method", ["log_params", "log_metric", "log_text", "log_file", "close"])
def test_a_tracker_that_fails_is_reported_once_without_secrets_and_the_others_go_on(method, monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_API_KEY", KEY)

    def fail(self, *args):
        raise OSError(f"{KEY} was refused\nby http://user:pass@host/path")

    failing = type("Failing", (Tracker,), {method: fail})
    warnings, seen = [], []
    both = trackers(warnings.append, failing=failing, other=recorder(seen))
    for step in range(3):
        both.log_params({})
        both.log_metric("accuracy", 0.5, step)
        both.log_text("prompt", step)
        both.log_file(tmp_path)
    both.close()
    assert warnings == ["failing tracker stopped: OSError: *** was refused by http://***@host/path"]
    assert len(seen) == 3 * 3 + 1 and seen[-1] == "closed"


def test_trackers_that_hang_are_abandoned_together_with_one_line_each():
    hang, warnings, seen = threading.Event(), [], []

    class HangsAtTheEnd(Tracker):
        def close(self):
            hang.wait(60)

    def hangs_at_the_start():
        hang.wait(60)

    three = trackers(warnings.append, start=hangs_at_the_start, end=HangsAtTheEnd, other=recorder(seen))
    three.log_params({"a": 1})
    started = time.monotonic()
    three.close(0.3)
    assert time.monotonic() - started < 5
    assert len(warnings) == 2
    assert "start tracker" in warnings[0] and "its server does not respond" in warnings[0]
    assert "end tracker" in warnings[1] and "it is still sending" in warnings[1]
    assert seen == [{"a": 1}, "closed"]
    hang.set()


def test_no_secret_reaches_a_tracker(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    monkeypatch.setenv("SOME_PASSWORD", "12345678")
    monkeypatch.setenv("SHORT_TOKEN", "the")
    seen = []
    one = trackers(pytest.fail, one=recorder(seen))
    one.log_params({"prompt": f"say {KEY}", "model": ("llama:http://u:p@host/", 3), "n": 3})
    one.log_text(f"the key is {KEY}, the password 12345678", 1)
    one.close()
    assert seen[0] == {"prompt": "say ***", "model": ("llama:http://***@host/", 3), "n": 3}
    assert seen[1] == "the key is ***, the password ***"
    assert without_secrets("mail a@b.org at http://host/@me") == "mail a@b.org at http://host/@me"


@pytest.mark.parametrize(
    "name, missing, said",
    [
        ("wandb", "wandb", "the package wandb is not installed: pip install wandb"),
        ("mlflow", "mlflow", "the package mlflow is not installed: pip install mlflow-skinny sqlalchemy alembic"),
        ("comet", "comet_ml", "the package comet_ml is not installed: pip install comet_ml"),
    ],
)
def test_a_missing_package_is_refused_before_the_run(tmp_path, monkeypatch, capsys, name, missing, said):
    monkeypatch.delitem(sys.modules, missing, raising=False)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda package: None if package == missing else find(package))
    assert main.main(toy.options(tmp_path, "--comet_mode", "offline", "--tracker", "none", name)) == main.EXIT_USAGE
    assert capsys.readouterr().err == f"error: --tracker {name}: {said}\n"
    assert not (tmp_path / "logs").exists()


def test_a_run_keeps_its_id_and_a_new_folder_of_the_same_name_gets_another(tmp_path):
    def ids() -> list[str]:
        tmp_path.joinpath("run").mkdir(exist_ok=True)
        run = TrackedRun(Config(), tmp_path / "run")
        return [run.id_for("mlflow"), run.id_for("wandb"), run.id_for("mlflow")]

    first = ids()
    assert first == ids() and first[0] == first[2] != first[1]
    for path in (tmp_path / "run").iterdir():
        path.unlink()
    assert not set(first) & set(ids())


def test_a_seed_of_several_is_named_after_their_folder_and_shares_the_folder_of_all_runs(tmp_path):
    run = TrackedRun(Config(), tmp_path / "logs" / "study" / "seed42", group="study")
    assert run.name == "study/seed42" and run.logs == tmp_path / "logs"
    run = TrackedRun(Config(), tmp_path / "logs" / "one")
    assert run.name == "one" and run.logs == tmp_path / "logs"


def test_the_example_of_the_readme_logs_a_run(tmp_path):
    project = copy_project(tmp_path / "project")
    path, example = readme_example("utils/trackers/README.md")
    (project / path).write_text(example)
    finished = run_in(project, *toy.options(tmp_path), "--log_dir", "logs", "--tracker", "jsonl")
    assert finished.returncode == 0, finished.stderr
    records = [json.loads(line) for line in (project / "logs" / "run" / "tracker.jsonl").read_text().splitlines()]
    assert records[0]["params"]["batch_size"] == 3
    steps = [record["step"] for record in records if record.get("metric") == "validation_acc"]
    assert steps == [0, 1, 2]
    assert any(record.get("metric") == "best_test_acc" for record in records)
    assert any(record.get("text") for record in records)
