"""Terminal output and run.log."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
import toy

import main
from textgrad import bar_output
from textgrad.text import printable
from utils.run_log.terminal import Terminal

ROOT = Path(__file__).parents[3]


@pytest.fixture
def terminal(tmp_path):
    return Terminal(tmp_path / "run.log", toy.config(tmp_path))


def run_in_terminal(*arguments: str, **options) -> str:
    """Return what Python shows in a terminal of 100 columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=its,
        **options,
    )
    os.close(its)
    shown = b""
    try:
        while data := os.read(ours, 65_536):
            shown += data
    except OSError:  # the other end has been closed
        pass
    os.close(ours)
    assert process.wait() == 0, shown
    return shown.decode()


def test_control_characters_are_removed():
    assert printable("a\x1b[2Jb\x07\u202ec\x9b31m") == "a[2Jbc31m"
    assert printable("naïve 中文 \U0001f600\tx\ny") == "naïve 中文 \U0001f600\tx\ny"


def test_lines_go_to_the_terminal_and_to_run_log(terminal, capsys):
    terminal.open()
    terminal.say("round 1 \x1b[31m")
    for _ in range(3):
        terminal.count()
    terminal.close()
    printed = capsys.readouterr()
    assert "round 1 [31m" in printed.out and printed.err == ""
    assert terminal.path.read_text().rstrip().endswith("  round 1 [31m")


@pytest.mark.parametrize("verbose", [False, True])
def test_details_go_to_run_log_and_are_printed_only_if_wanted(tmp_path, capsys, verbose):
    terminal = Terminal(tmp_path / "run.log", toy.config(tmp_path, *["--verbose"] * verbose))
    terminal.open()
    terminal.say("step 1", detail=True)
    terminal.close()
    assert ("step 1" in capsys.readouterr().out) is verbose
    assert "step 1" in terminal.path.read_text()


def test_outside_a_terminal_progress_is_plain_lines(terminal, capsys, monkeypatch):
    monkeypatch.setattr(bar_output, "LINE_INTERVAL", 0)
    terminal.open()
    terminal.count()
    terminal._progress.expect({(): 4})
    terminal.begin("merging", 1)
    terminal.count()
    terminal.close()
    errors = capsys.readouterr().err
    assert "\r" not in errors and "starting: 1 calls" in errors
    assert "round 1/2, merging: 2 of 4 calls (50 %)" in errors.splitlines()[-1]


DRAW = """
from pathlib import Path
from utils.config import parse
from utils.run_log.terminal import Terminal

terminal = Terminal(Path("run.log"), parse(["--module", "train_homo_fed", "--task", "RG_gcd", "--allow_code"]))
terminal.open()
terminal._progress.expect({(): 8})
terminal.begin("training", 2)
terminal.count()
terminal.say("round 1/3: done")
terminal.begin("merging", 2)
terminal.close()
"""


def test_in_a_terminal_a_bar_shows_phase_and_total_below_the_lines(tmp_path):
    shown = run_in_terminal("-c", DRAW, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert re.search(r"\rround 2/3, training: +0%\|[^|]+\| 0/8 \[00:00<\?", shown)
    assert re.search(r"\r +\rround 1/3: done\r?\n", shown), "the bar must be cleared for a line"
    assert re.search(r"\rround 2/3, merging: +12%\|[^|]+\| 1/8 \[00:00<\d\d:\d\d, ", shown)
    assert re.search(r"\r +\r$", shown), "the bar must be cleared at the end"
    assert (tmp_path / "run.log").read_text().endswith("  round 1/3: done\n")


@pytest.mark.slow
def test_in_a_terminal_a_run_has_the_same_results_as_elsewhere(tmp_path):
    shown = run_in_terminal(str(ROOT / "main.py"), *toy.options(tmp_path))
    assert re.search(r"\r(round [12]/2, (training|merging|validating)|testing|writing results): ", shown)
    counts = [(int(done), int(total)) for done, total in re.findall(r"\| (\d+)/(\d+) \[", shown)]
    assert all(done <= total for done, total in counts)
    assert main.main(toy.options(tmp_path, "--run_name", "piped")) == 0
    logs = tmp_path / "logs"
    assert "\r" not in (logs / "run" / "run.log").read_text()
    assert toy.story(logs / "run") == toy.story(logs / "piped")


@pytest.mark.slow
def test_a_run_prints_one_line_per_round_in_order(tmp_path, capfd):
    more = ["--no_aggregate_gate", "--rounds", "3"]  # without the gate, a validation ends during the next round
    assert main.main(toy.options(tmp_path, *more)) == 0
    printed = capfd.readouterr()
    lines = [line for line in printed.out.splitlines() if line.startswith(("initial prompt:", "round "))]
    starts = ["initial prompt: validation ", *(f"round {number}/3: validation " for number in (1, 2, 3))]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    steps = r"\(\+0\.\d\d\); \d of 6 steps accepted; 3 of 3 uploads; 100% retained"
    assert re.search(rf", n = 8 {steps}; \d+ calls \(\d+ from cache\)$", lines[1])
    assert "step 1" not in printed.out and "\r" not in printed.out + printed.err
    log = (tmp_path / "logs" / "run" / "run.log").read_text()
    assert log.count("  step 1  accuracy ") == 9
