"""The benchmark of gains: its grid, its runs, its table and its endpoint for other projects."""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.benchmarks.gain import __main__ as gain
from tests.benchmarks.gain.endpoint import serving
from tests.benchmarks.gain.grid import Cell, Settings
from tests.benchmarks.gain.outcome import Outcome, read_outcome
from tests.benchmarks.gain.peer import run_peer
from tests.benchmarks.gain.table import Measured, markdown, rows
from tests.benchmarks.gain.tester import PromptTester
from textgrad.engine.calls.budget import Budget
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway, Route

CELL = Cell("simulated", "RULES_tickets", "train_centralized", "tgd", 1)
SMALL = {"calls": 60, "train": 12, "val": 4, "test": 6}


def small(folder, **changed):
    return Settings(folder, **SMALL | changed)


def run(folder, *more):
    sizes = [word for name, value in SMALL.items() for word in (f"--{name}", str(value))]
    grid = ["--models", "simulated", "--tasks", "RULES_tickets", "--seeds", "1", "2", "--out", str(folder)]
    return gain.main([*grid, *sizes, *more])


def answers(right, seed=1):
    return {(seed, "t", index): int(index < right) for index in range(20)}


def test_the_name_of_a_run_changes_with_everything_that_decides_it(tmp_path):
    settings = small(tmp_path)
    cells = [CELL, Cell("simulated", "RULES_tickets", "train_centralized", "tgd:accept=better", 1)]
    names = {cell.name(settings) for cell in cells} | {
        CELL.name(small(tmp_path, **changed)) for changed in ({"calls": 61}, {"val": 5}, {"more": ("--skip_solved",)})
    }
    assert len(names) == 5
    assert CELL.name(small(tmp_path, examples=3)) == CELL.name(settings)


def test_options_of_an_optimizer_reach_the_command_line(tmp_path):
    cell = Cell("simulated", "RULES_tickets", "train_homo_fed", "tgd:accept=better,skip_solved", 1)
    command = cell.command(small(tmp_path))
    assert command[command.index("--accept") + 1] == "better" and "--skip_solved" in command
    assert command[command.index("--optimizer") + 1] == "tgd"


def test_every_client_of_a_heterogeneous_run_has_its_part_of_the_rules(tmp_path):
    cell = Cell("simulated", "RULES_tickets_clash", "train_hetero_fed", "tgd", 1)
    assert cell.tasks(small(tmp_path)) == [f"RULES_tickets_clash_{client}of3" for client in (1, 2, 3)]


PAIR = ("tgd:no_skip_solved", "tgd:no_skip_solved,accept=not_worse")  # every step costs calls


@pytest.mark.slow
def test_a_grid_writes_a_table_and_runs_nothing_twice(tmp_path, capsys, monkeypatch):
    assert run(tmp_path, "--optimizers", *PAIR) == 0
    records = json.loads((tmp_path / "table.json").read_text())["rows"]
    table = (tmp_path / "table.md").read_text()
    assert [each["optimizer"] for each in records] == [
        "initial prompt",
        "house rules, written by hand",
        "12 training examples, pasted",
        *PAIR,
    ]
    assert all(each["seeds"] == [1, 2] and each["n"] == 12 for each in records)
    assert [each["calls"] for each in records] == [0, 0, 0, 60, 60]
    assert records[3]["best"]["accuracy"] > records[3]["initial"] and "SIMULATED" in table
    capsys.readouterr()
    monkeypatch.setattr(gain.subprocess, "run", None)
    assert run(tmp_path, "--optimizers", *PAIR) == 0
    assert (tmp_path / "table.md").read_text() == table


@pytest.mark.slow
def test_a_failed_run_is_named_and_does_not_stop_the_others(tmp_path, capsys):
    assert run(tmp_path, "--optimizers", "tgd:accept=never", "tgd") == 1
    assert "accept=never" in capsys.readouterr().err
    assert json.loads((tmp_path / "table.json").read_text())["rows"][-1]["optimizer"] == "tgd"


def test_a_peer_without_its_package_is_skipped_in_one_line(tmp_path, capsys):
    assert run(tmp_path, "--optimizers", "--peers", "gepa", "--peers_python", str(tmp_path / "python")) == 0
    assert capsys.readouterr().out.count("skipped: no Python at") == 2


def test_rows_pool_seeds_and_count_steps():
    cells = [Cell("m", "t", "train_centralized", "tgd", seed) for seed in (1, 2)]
    outcomes = [
        Outcome(["a"], ["b"], 100, 1000, {"accepted": 2, "rejected: fell": 1}),
        Outcome(["a"], ["b"], 200, 3000, {"accepted": 1, "unchanged": 4}),
    ]
    runs = [
        Measured(cell, answers(5, cell.seed), [answers(15, cell.seed)], [answers(4, cell.seed)], outcome)
        for cell, outcome in zip(cells, outcomes, strict=True)
    ]
    (row,) = rows(runs)
    assert (row["initial"], row["best"]["accuracy"], row["last"]["accuracy"], row["n"]) == (0.25, 0.75, 0.2, 40)
    assert row["best"]["comparison"]["gained"] == 20 and row["best"]["comparison"]["p_value"] < 0.001
    assert row["gain_per_100_calls"] == pytest.approx(0.5 / 1.5)
    assert row["steps"] == {"accepted": 3, "rejected: fell": 1, "unchanged": 4}
    assert "| 0.250 | 0.750 | 0.200 | 40 | 0.000 | 0.500 | 2 / 0 of 2 | 0 / 0 of 2 | 150 | 2000 |" in markdown([row])


def test_several_prompts_of_local_only_training_have_no_paired_test():
    both = [answers(10), answers(20)]
    (row,) = rows([Measured(CELL, answers(5), both, both, Outcome(["a", "b"], ["a", "b"], 10, 10))])
    assert row["best"]["accuracy"] == 0.75 and row["best"]["comparison"] is None


def post(url, path, body):
    request = urllib.request.Request(f"{url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_the_endpoint_counts_distinct_calls_scores_and_refuses_calls_beyond_the_cap(tmp_path):
    with PromptTester(CELL, small(tmp_path)) as tester:
        gateway = Gateway(CallLog(tmp_path / "calls.sqlite"), budget=Budget(3))
        model = Route(gateway, tester.engines.test.engine, "peer", tester.engines.test.sampling)
        with serving(gateway, model, tester.tasks[0]) as url:

            def ask(text, **more):
                return post(url, "chat/completions", {"messages": [{"role": "user", "content": text}], **more})

            assert ask("1")["choices"][0]["message"]["content"]
            ask("1")
            assert gateway.usage["peer"].calls == 1
            ask("1", temperature=1.0)
            ask("1", temperature=1.0)
            assert gateway.usage["peer"].calls == 3
            with pytest.raises(urllib.error.HTTPError) as refused:
                ask("2")
            assert refused.value.code == 400
            scored = {"question": "q", "prediction": "Answer: K7", "answer": "K7"}
            assert post(url, "score", scored) == {"score": 1}
        gateway.close()


def test_a_driver_gets_data_model_and_scores_and_its_prompts_are_the_outcome(tmp_path):
    driver = tmp_path / "driver.py"
    peers = Path(gain.__file__).with_name("peers")
    driver.write_text(
        f"import sys; sys.path.insert(0, {str(peers)!r})\n"
        "from _job import BudgetSpent, job\n"
        "run = job()\n"
        "try:\n"
        "    while True:\n"
        "        for question, answer in run.train:\n"
        "            run.score(question, run.ask(run.initial + str(run.calls), question), answer)\n"
        "        run.calls += 1\n"
        "except BudgetSpent:\n"
        "    run.finish('best', 'last', accepted=1)\n"
    )
    cell, settings = Cell("simulated", "RULES_tickets", "train_centralized", "gepa", 1), small(tmp_path / "out")
    with PromptTester(cell, settings) as tester:
        outcome, error = run_peer(cell, settings, tester, Path(sys.executable), driver)
    assert error == ""
    assert (outcome.best, outcome.last, outcome.calls, outcome.steps) == (["best"], ["last"], 60, {"accepted": 1})
    assert outcome.tokens > 0
    outcome.write(cell.folder(settings))
    assert read_outcome(cell.folder(settings)) == outcome


def test_a_driver_that_fails_names_its_log(tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text("raise SystemExit(4)\n")
    with PromptTester(CELL, small(tmp_path)) as tester:
        _, error = run_peer(CELL, small(tmp_path), tester, Path(sys.executable), driver)
    assert error.startswith("exit status 4; see ")
