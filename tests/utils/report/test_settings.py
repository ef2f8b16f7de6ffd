"""Settings of runs: which differ, which runs differ only in their seed."""

import json

import generated_runs
import pytest

from utils.report.runs import load_run
from utils.report.settings import differing_settings, setting_key, settings_of


@pytest.fixture
def run(tmp_path):
    """Return a function that writes and loads a run."""
    return lambda name, **options: load_run(generated_runs.write_run(tmp_path / name, {}, **options))


def test_only_settings_that_differ_are_in_the_first_table(run):
    runs = [run("a"), run("b", aggregate_method="concat", max_concurrency=1), run("c", task=["x", "y"])]
    differing, equal = differing_settings({each.name: settings_of(each) for each in runs})
    assert differing.header == ("run", "--task", "--aggregate_method")
    assert differing.rows == [
        ("a", "sums.jsonl", "summarization"),
        ("b", "sums.jsonl", "concat"),
        ("c", "x y", "summarization"),
    ]
    assert {("--seed", "42"), ("--proximal_update", "on"), ("endpoint, test", "simulated:")} <= set(equal.rows)
    assert not {"--task", "--run_name", "--max_concurrency"} & {name for name, _ in equal.rows}


def test_many_settings_of_few_runs_are_rows(run):
    runs = [run("a"), run("b", seed=1, batch_size=9, max_steps=4)]
    differing, _ = differing_settings({each.name: settings_of(each) for each in runs})
    assert differing.header == ("setting", "a", "b") and ("--max_steps", "1", "4") in differing.rows


def test_runs_with_equal_settings_have_an_empty_first_table(run):
    differing, equal = differing_settings({name: settings_of(run(name)) for name in "ab"})
    assert not differing.rows and equal.rows


def test_an_option_that_an_older_version_lacks_has_the_value_that_its_runs_had(run):
    assert settings_of(run("a"))["--optimizer"] == "tgd"
    assert setting_key(run("b")) == setting_key(run("c", optimizer="tgd"))


def test_only_runs_that_differ_in_the_seed_and_the_commit_are_one_setting(run, tmp_path):
    first = run("a", seed=1)
    path = tmp_path / "a" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"commit": "0123456789ab"}))
    assert setting_key(load_run(path.parent)) == setting_key(first) == setting_key(run("b", seed=2, run_name="x"))
    assert setting_key(first) != setting_key(run("c", seed=1, batch_size=9))
