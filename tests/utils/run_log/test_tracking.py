"""Metrics, prompts and files that a run logs, seen by a tracker that records them."""

import json
from collections import defaultdict

import pytest
import toy

import main
from utils.trackers import Tracker, none


class Recording(Tracker):
    """Records what it gets, by kind."""

    def __init__(self):
        self.params, self.metrics, self.texts, self.files, self.ended = {}, defaultdict(dict), {}, [], False

    def log_params(self, params):
        self.params |= params

    def log_metric(self, name, value, step):
        assert step not in self.metrics[name], f"{name} is logged twice at {step}"
        self.metrics[name][step] = value

    def log_text(self, text, step):
        self.texts[step] = text

    def log_file(self, path):
        assert path.exists()
        self.files.append(path)

    def close(self):
        self.ended = True


@pytest.fixture
def record(monkeypatch):
    """Return a function: command line in a folder -> the recording tracker, the results, the exit status."""

    def run(folder, *more, **kwargs):
        tracker, runs = Recording(), []
        monkeypatch.setattr(none, "make", lambda run: runs.append(run) or tracker)
        status = main.main(toy.options(folder, "--tracker", "none", *more, **kwargs))
        assert len(runs) == 1
        tracker.run = runs[0]
        path = folder / "logs" / "run" / "results.json"
        return tracker, json.loads(path.read_text()) if path.exists() else {}, status

    return run


def test_metrics_and_parameters_are_those_of_the_run(tmp_path, record):
    tracker, results, status = record(tmp_path)
    assert status == 0 and tracker.ended
    assert tracker.params["batch_size"] == 3 and tracker.params["tracker"] == ("none",)
    assert tracker.params["task_description"] == results["prompts"]["initial"]
    lengths = ("train_length", "val_length", "test_length", "client_2_train_length")
    assert [tracker.params[name] for name in lengths] == [18, 8, 10, 6]
    last = len(results["rounds"]) - 1
    for name, estimate in results["metrics"].items():
        assert tracker.metrics[name] == {last: estimate["value"]}, name
    steps = {1, 2, 3, 4}
    assert set(tracker.metrics["client_1_train_acc"]) == set(tracker.metrics["client_1_updated_train_acc"]) == steps


def test_each_round_has_its_prompt_and_its_metrics(tmp_path, record):
    tracker, results, _ = record(tmp_path)
    rounds = results["rounds"]
    assert tracker.metrics["validation_acc"] == {each["round"]: each["validation"]["mean"]["value"] for each in rounds}
    retention = {each["round"]: each["retention"]["mean"] for each in rounds if each["retention"]}
    assert tracker.metrics["retention"] == pytest.approx({n: value for n, value in retention.items() if value})
    decided = {n: each["steps"].get("accepted", 0) + each["steps"].get("rejected", 0) for n, each in enumerate(rounds)}
    assert tracker.metrics["accepted_share"] == {
        n: rounds[n]["steps"].get("accepted", 0) / count for n, count in decided.items() if count
    }
    folder = tmp_path / "logs" / "run" / "prompts"
    prompts = {n: (folder / f"round{n:02d}_global.txt").read_text() for n in (1, 2)}
    assert tracker.texts == {0: results["prompts"]["initial"], **prompts}


def test_calls_tokens_and_dollars_grow_up_to_the_usage_of_the_run(tmp_path, record):
    tracker, results, _ = record(tmp_path)
    usage = results["usage"].values()
    totals = {
        "calls": sum(role["calls"] for role in usage),
        "tokens": sum(role["prompt_tokens"] + role["completion_tokens"] for role in usage),
        "dollars": 0.0,
    }
    for name, total in totals.items():
        assert list(tracker.metrics[name]) == [1, 2]
        assert 0 <= tracker.metrics[name][1] <= tracker.metrics[name][2] <= total
    assert tracker.metrics["calls"][1] > 0


def test_dollars_are_left_out_if_a_price_is_unknown(tmp_path, record, monkeypatch):
    monkeypatch.setattr("utils.engines.by_role.prices", lambda config: {})
    tracker, _, _ = record(tmp_path)
    assert "dollars" not in tracker.metrics and tracker.metrics["calls"]


def test_the_report_the_figures_and_the_prompts_are_files_of_a_finished_run(tmp_path, record):
    tracker, _, _ = record(tmp_path)
    folder = tmp_path / "logs" / "run"
    names = [path.relative_to(folder).as_posix() for path in tracker.files]
    assert {"report.html", "results.json", "prompts/best.txt", "prompts/last.txt", "figures/accuracy.svg"} <= set(names)


def test_a_run_that_breaks_logs_no_files_but_ends_the_tracker(tmp_path, record, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("utils.run_log.log.RunLog.finish", interrupt)
    tracker, _, status = record(tmp_path)
    assert status == main.EXIT_INTERRUPTED
    assert tracker.ended and not tracker.files and tracker.metrics["validation_acc"]


def test_a_resumed_run_logs_the_same_again(tmp_path, record):
    first, _, _ = record(tmp_path)
    second, _, _ = record(tmp_path)
    assert (second.metrics, second.texts, second.files) == (first.metrics, first.texts, first.files)
    assert second.run.id_for("any") == first.run.id_for("any")


def test_a_tracker_changes_no_file_of_the_run(tmp_path, record):
    plain, tracked = tmp_path / "plain", tmp_path / "tracked"
    task = toy.task_file(tmp_path)
    for folder in (plain, tracked):
        folder.mkdir()
    assert main.main(toy.options(plain, tasks=[task])) == 0
    record(tracked, tasks=[task])
    assert toy.story(plain / "logs" / "run") == toy.story(tracked / "logs" / "run")


def test_the_seeds_of_repeats_have_one_group(tmp_path, monkeypatch):
    runs = []
    monkeypatch.setattr(none, "make", runs.append)
    assert main.main(toy.options(tmp_path, "--tracker", "none", "--repeats", "2")) == 0
    assert [run.name for run in runs] == ["run/seed42", "run/seed43"]
    assert {run.logs for run in runs} == {tmp_path / "logs"}
