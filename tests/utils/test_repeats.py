"""Runs with several seeds: same questions, shared zero-shot calls, mean and spread."""

import json
import re
import sqlite3
import statistics

import pytest
import toy

import main
from utils.repeats import problems_and_costs

pytestmark = pytest.mark.slow


def test_repeats_share_questions_and_calls_and_report_mean_and_spread(tmp_path, capsys):
    assert main.run(toy.config(tmp_path, "--repeats", "3", "--seed", "5")) == 0
    folder = tmp_path / "logs" / "run"
    repeats = json.loads((folder / "repeats.json").read_text())
    results = [json.loads((folder / f"seed{seed}" / "results.json").read_text()) for seed in (5, 6, 7)]
    assert repeats["seeds"] == [5, 6, 7]
    assert len({each["data"]["sums"]["test_id"] for each in results}) == 1
    values = [each["metrics"]["best_validation_acc"]["value"] for each in results]
    metric = repeats["metrics"]["best_validation_acc"]
    assert metric["values"] == values and metric["mean"] == round(statistics.mean(values), 4)
    assert (
        metric["sd"] == round(statistics.stdev(values), 4) and metric["ci95"][0] <= metric["mean"] <= metric["ci95"][1]
    )
    uploads = {(folder / f"seed{seed}" / "prompts" / "round01_client00_upload.txt").read_text() for seed in (5, 6, 7)}
    assert len(uploads) > 1, "each seed draws its own minibatches"
    shown = capsys.readouterr().out
    assert "over 3 seeds" in shown and re.search(
        r"the best prompts .*the initial one.*: mean gain [+-]\d.*, 3 seeds\n", shown
    )
    assert "\nseed 6, 2 of 3\n" in shown and (folder / "report.html").exists()
    calls = sqlite3.connect(folder / "calls.sqlite").execute("SELECT COUNT(*) FROM calls").fetchone()[0]
    requested = sum(used["calls"] for each in results for used in each["usage"].values())
    assert calls <= requested - 2 * 10, "the ten zero-shot questions must be sent once for all seeds"
    assert not (folder / "seed5" / "calls.sqlite").exists()


def test_the_end_of_a_series_lists_problems_by_seed_and_the_cost_if_it_is_known():
    usage = {"test": {"calls": 10, "bad_replies": {"empty": 1}, "dollars": 0.02}}
    one = {"rounds": [], "usage": usage, "seconds": 60.2}
    shown = problems_and_costs({5: one, 6: one})
    assert "what went wrong:\n  seed 5: bad replies of the test engine: 1 of 10 (10%): 1 empty\n  seed 6: " in shown
    assert shown.endswith("\nall seeds: at most $0.0400, as seeds share calls; time 0:02:00")
    unknown = {"rounds": [], "usage": {"test": {"calls": 1, "bad_replies": {}, "dollars": None}}, "seconds": 1}
    assert problems_and_costs({5: unknown}) == "\nall seeds: time 0:00:01"


def test_an_interrupted_series_resumes(tmp_path):
    assert main.run(toy.config(tmp_path, "--repeats", "2", "--max_calls", "30")) == main.EXIT_BUDGET
    folder = tmp_path / "logs" / "run"
    assert not (folder / "repeats.json").exists()
    assert main.run(toy.config(tmp_path, "--repeats", "2")) == 0
    assert (folder / "repeats.json").exists()
