"""Dry runs, forecasts after a run, and caps."""

import json
import re
import sqlite3

import pytest
import toy

import main
from utils.config import parse
from utils.engines import forecast

pytestmark = pytest.mark.slow


def results_of(tmp_path, name="run"):
    return json.loads((tmp_path / "logs" / name / "results.json").read_text())


@pytest.mark.parametrize(
    "module, more",
    [
        ("train_centralized", []),
        ("train_homo_fed", []),
        ("train_hetero_fed", []),
        ("train_homo_fed", ["--temperature", "0.8"]),
        ("train_homo_fed", ["--no_cache"]),
        ("train_homo_fed", ["--client_fraction", "0.5", "--num_clients", "4", "--batch_size", "2"]),
        ("train_homo_fed", ["--drop_rate", "0.4", "--rounds", "3"]),
        ("train_homo_fed", ["--aggregate_method", "none"]),
        ("train_hetero_fed", ["--aggregate_gate", "--aggregate_method", "concat"]),
        ("train_hetero_fed", ["--judge", "llm", "--proximal_update"]),
        ("train_homo_fed", ["--protocol", "paper"]),
        ("train_hetero_fed", ["--protocol", "paper", "--aggregate_method", "dynamic", "--dynamic_limit", "60"]),
    ],
)
def test_the_forecast_is_exact_on_the_simulated_engine(tmp_path, module, more):
    tasks = [toy.task_file(tmp_path, "first", [1, 2]), toy.task_file(tmp_path, "second", [2, 3], seed=1)]
    arguments = toy.options(tmp_path, "--forecast", *more, module=module, tasks=tasks[: 2 if "hetero" in module else 1])
    expected = forecast.forecast(parse(arguments))
    assert main.main(arguments) == 0
    results = results_of(tmp_path)
    for role, used in results["usage"].items():
        forecasted = results["forecast"][role]
        assert expected[role].calls == forecasted["calls"] == forecasted["actual_calls"] == used["calls"] > 0
        assert forecasted["tokens"] == forecasted["actual_tokens"] == used["prompt_tokens"] + used["completion_tokens"]


def test_repeated_requests_after_bad_replies_are_forecast(tmp_path):
    assert main.main(toy.options(tmp_path, "--forecast", engine="simulated:topics=4,bad=0.1")) == 0
    for forecasted in results_of(tmp_path)["forecast"].values():
        assert forecasted["calls"] == forecasted["actual_calls"]


def test_a_dry_run_prints_calls_tokens_and_dollars_by_role_and_writes_nothing(tmp_path, capsys):
    prices = ["--price", "test=0.15/0.60", "evaluation=2.50/10"]
    assert main.main(toy.options(tmp_path, "--dry_run", *prices)) == 0
    shown = capsys.readouterr().out
    assert not (tmp_path / "logs").exists()
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    for column in (0, 2, 3, 4):
        parts = [float(rows[role][column]) for role in ("test", "evaluation", "all")]
        assert parts[0] > 0 and parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-3)


def test_a_dry_run_needs_no_key_and_shows_the_list_price(tmp_path, capsys):
    assert main.main(toy.options(tmp_path, "--dry_run", engine="gpt-4o")) == 0
    shown = capsys.readouterr().out
    calls, dollars = re.search(r"all +(\d+) +\d+ +\d+ +\d+ +([\d.]+)", shown).groups()
    assert int(calls) > 100 and float(dollars) > 0
    assert re.search(r"genai-prices \d", shown) and re.search(r"prices of \d{4}-\d\d-\d\d", shown)


def test_a_dry_run_says_that_a_price_is_unknown(tmp_path, capsys):
    assert main.main(toy.options(tmp_path, "--dry_run", engine="ollama-my-model")) == 0
    assert re.search(r"all +\d+ +\d+ +\d+ +\d+ +no price", capsys.readouterr().out)


def test_the_summary_shows_forecast_and_actual_calls(tmp_path, capsys):
    assert main.main(toy.options(tmp_path, "--forecast")) == 0
    calls = results_of(tmp_path)["usage"]["test"]["calls"]
    assert f"test {calls} and {calls}" in capsys.readouterr().out


def test_without_the_option_there_is_no_forecast(tmp_path):
    assert main.main(toy.options(tmp_path)) == 0
    assert "forecast" not in results_of(tmp_path)


@pytest.mark.parametrize(
    "cap, higher",
    [
        (["--max_calls", "60"], ["--max_calls", "100000"]),
        (["--max_tokens_total", "12000"], ["--max_tokens_total", "9000000"]),
        (["--max_cost", "0.1"], ["--max_cost", "90000"]),
    ],
)
def test_a_run_stopped_by_a_cap_has_results_and_continues_with_a_higher_cap(tmp_path, capsys, monkeypatch, cap, higher):
    common = ["--price", "test=10/10", "evaluation=10/10", "--max_tokens", "200"]
    assert main.main(toy.options(tmp_path, *common, "--run_name", "whole")) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["main.py", *cap])
    assert main.main(toy.options(tmp_path, *common, *cap)) == 3
    shown, partial = capsys.readouterr(), results_of(tmp_path)
    command = f".venv/bin/python main.py {cap[0]} {2 * float(cap[1]):g} --run_name run"
    assert f"to continue, raise the cap: {command}" in shown.out and "Traceback" not in shown.err
    assert partial["status"] == "incomplete" and "is reached" in partial["stopped"]
    assert partial["prompts"]["best"].strip()
    with sqlite3.connect(tmp_path / "logs" / "run" / "calls.sqlite") as log:  # both roles share some calls
        calls, tokens = log.execute(
            "SELECT COUNT(*), SUM(prompt_tokens + completion_tokens) FROM calls "
            "WHERE json_extract(request, '$.model') NOT NULL"
        ).fetchone()  # without notes
    used = {"--max_calls": calls, "--max_tokens_total": tokens, "--max_cost": tokens * 10 / 1e6}[cap[0]]
    assert 0.5 * float(cap[1]) < used <= float(cap[1])
    assert main.main(toy.options(tmp_path, *common, *higher)) == 0
    assert toy.story(tmp_path / "logs" / "run") == toy.story(tmp_path / "logs" / "whole")
