"""The command that continues a run: executed as printed, it does."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import toy

from textgrad.engine.calls.budget import Budget, Price
from textgrad.errors import BudgetSpent
from utils.config import parse
from utils.flower import launch
from utils.run_log.resume_command import raised_cap, resume_command

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "typed, expected",
    [
        (["--max_calls", "200"], []),
        (["--max_calls=200"], []),
        (["--max_calls", "200", "--seed", "1", "--max_calls=300"], ["--seed", "1"]),
        (["--max_calls=1", "--max_calls", "2", "--max_calls", "3"], []),
        (["--run_name=x", "--task", "a", "b", "--max_calls", "200"], ["--task", "a", "b"]),
        (["--initial_prompt", "You're 'so' $HOME\nfine"], ["--initial_prompt", "You're 'so' $HOME\nfine"]),
        (["--max_calls_x", "--price", "test=1/2"], ["--max_calls_x", "--price", "test=1/2"]),
        (["--max_calls"], []),
    ],
)
def test_every_earlier_value_of_a_changed_option_is_replaced(monkeypatch, typed, expected):
    monkeypatch.setattr("sys.argv", ["main.py", *typed])
    words = shlex.split(resume_command("my run", max_calls="400"))
    assert words == [".venv/bin/python", "main.py", *expected, "--max_calls", "400", "--run_name", "my run"]


def test_a_value_under_another_flag_of_the_option_is_replaced_too(monkeypatch):
    monkeypatch.setattr("sys.argv", ["main.py", "--rounds", "3", "--max_epochs=4"])
    assert shlex.split(resume_command("r", max_epochs="5"))[2:] == ["--max_epochs", "5", "--run_name", "r"]


def test_a_value_that_begins_with_a_dash_stays_a_value(monkeypatch):
    monkeypatch.setattr("sys.argv", ["main.py", "--module", "train_homo_fed", "--task", "a"])
    assert parse(shlex.split(resume_command("-x"))[2:]).run_name == "-x"


def refused(needed: int, **caps) -> Budget:
    budget = Budget(**caps, prices={"test": Price(1.0, 1.0)})
    with pytest.raises(BudgetSpent), budget.reserved("test", needed, needed):
        pass
    return budget


@pytest.mark.parametrize(
    "needed, caps, option",
    [
        (1_000_000, {"max_tokens": 1_234_567}, {"max_tokens_total": "2469134"}),
        (5000, {"max_tokens": 100}, {"max_tokens_total": "20000"}),  # twice the cap would not allow one call
        (10**15, {"max_tokens": 10**15}, {"max_tokens_total": str(10**15)}),
        (1_000_000, {"max_cost": 1.5}, {"max_cost": "3"}),
        (1_000_000, {"max_cost": 1e-300}, {"max_cost": "4"}),
        (1, {"max_calls": 0}, {"max_calls": "2"}),
    ],
)
def test_the_raised_cap_allows_the_next_call_and_is_within_its_bounds(needed, caps, option):
    assert raised_cap(refused(needed, **caps)) == option
    ((name, value),) = option.items()
    parse(["--module", "train_homo_fed", "--task", "x", f"--{name}", value])


def test_without_a_reached_cap_nothing_is_raised():
    assert raised_cap(Budget(max_calls=5)) == {}


def started(command: list[str], **environment: str) -> subprocess.CompletedProcess:
    inherited = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHON": sys.executable}
    return subprocess.run(command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, timeout=300)


def continued(finished: subprocess.CompletedProcess) -> int:
    """Execute the printed commands until the run is complete; return their number."""
    count = 0
    while finished.returncode == 3:
        (command,) = re.findall(r"to continue, raise the cap: \.venv/bin/python (.*)", finished.stdout)
        count += 1
        assert count < 12, "the printed command does not help"
        finished = started(["sh", "-c", f"{shlex.quote(sys.executable)} {command}"])
    assert finished.returncode == 0, finished.stderr
    return count


PRICES = ["--price", "test=10/10", "evaluation=10/10", "--max_tokens", "200"]


@pytest.mark.parametrize(
    "more",
    [
        ["--max_calls=60"],
        ["--max_calls", "60", "--repeats", "2"],
        ["--max_tokens_total", "50"],
        ["--max_tokens_total=12345"],
        ["--max_cost=0.1", "--max_cost", "0.05"],
        ["--max_calls", "60", "--run_name", ""],
    ],
)
def test_the_printed_command_completes_a_stopped_run(tmp_path, more):
    words = toy.options(tmp_path, *PRICES, "--initial_prompt", 'You\'re a "helper" $HOME', *more)
    assert continued(started([sys.executable, "main.py", *words])) >= 1
    (folder,) = [path for path in (tmp_path / "logs").iterdir() if not path.is_symlink()]
    results = [json.loads(path.read_text()) for path in folder.rglob("results.json") if "latest" not in path.parts]
    assert len(results) == (2 if "--repeats" in more else 1)
    assert all(each["status"] == "complete" and "continue_with" not in each for each in results)


def test_the_printed_command_completes_a_run_that_a_script_started(tmp_path):
    words = toy.options(tmp_path, "--max_calls", "60")
    script = ["sh", "scripts/run_homo_fed.sh", *words]
    assert continued(started(script, TASK="RG_gcd")) >= 1
    assert json.loads((tmp_path / "logs" / "run" / "results.json").read_text())["status"] == "complete"


def test_an_interrupted_run_with_several_seeds_names_the_folder_of_all_seeds(tmp_path, monkeypatch, capsys):
    import main

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("train_homo_fed.run_training", interrupt)
    assert main.main(toy.options(tmp_path, "--repeats", "2")) == main.EXIT_INTERRUPTED
    assert "--run_name run" in capsys.readouterr().err


def test_a_run_over_flower_that_reached_a_cap_prints_the_command_with_a_higher_one(tmp_path, monkeypatch, capsys):
    results = {"stopped": "the cap of 20 calls is reached", "continue_with": {"max_calls": "40"}}

    class Output:
        error, results = "", b""

        def __init__(self, *_): ...
        def finish(self): ...
        def close(self): ...

    class Link:
        def __init__(self, name): ...
        def start(self, *_):
            return "7"

        def wait(self, run_id):
            return "finished:completed"

    def unpack(data, folder):
        folder.mkdir(parents=True)
        (folder / "results.json").write_text(json.dumps(results))

    monkeypatch.setattr("sys.argv", ["main.py", "--max_calls=20"])
    for name, replacement in {"RunOutput": Output, "SuperLink": Link, "unpack": unpack}.items():
        monkeypatch.setattr(launch, name, replacement)
    monkeypatch.setattr(launch, "flwr_program", lambda: "flwr")
    assert launch.launch(toy.config(tmp_path, "--runtime", "flower")) == 3
    assert "raise the cap: .venv/bin/python main.py --max_calls 40 --run_name run" in capsys.readouterr().out
