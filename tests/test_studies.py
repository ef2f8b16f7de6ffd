"""Smoke runs of a study: it ends with its page, resumes, and reports a run that stops it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy

from utils.studies.__main__ import main

ROOT = Path(__file__).parents[1]
SMALL = ["table4_uid", "--smoke", "--only", "3"]  # two runs


@pytest.mark.slow
def test_a_study_ends_with_its_page_and_started_again_changes_no_results(tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHON": sys.executable}
    script = ["sh", ROOT / "scripts" / "paper" / "table4_uid.sh", "--only", "3", "--initial_prompt", "Count in steps"]
    environment |= {"SMOKE": "1", "LOG_DIR": str(tmp_path)}
    results = []
    for _ in range(2):
        finished = subprocess.run(script, capture_output=True, text=True, env=environment, timeout=600)
        assert finished.returncode == 0, finished.stderr
        found = sorted(tmp_path.glob("smoke_paper/runs/*fed*/results.json"))
        results.append([toy.without_times(path.read_text()) for path in found])
    assert results[0] == results[1] and len(results[0]) == 2
    folder = tmp_path / "smoke_paper" / "table4_uid"
    page = (folder / "report.html").read_text()
    assert all(f"(0.{value} ± 0.02)" in page for value in (78, 79)) and "SIMULATED" in page
    assert {"report.csv", "report.tex", "figures"} < {path.name for path in folder.iterdir()}
    options = json.loads(found[0].with_name("config.json").read_text())["options"]
    assert options["initial_prompt"] == "Count in steps"


def test_a_stopped_study_says_how_to_continue_and_lists_the_missing_runs_on_its_page(tmp_path, capfd):
    status = main([*SMALL, "--log_dir", str(tmp_path), "--max_calls", "1"])
    assert status == 3
    assert "start it again to continue" in capfd.readouterr().err
    page = tmp_path / "smoke_paper" / "table4_uid" / "report.html"
    assert "UID, 3: not finished" in page.read_text()


def test_the_dry_run_of_a_study_adds_up_its_runs_and_its_seeds(tmp_path, capsys):
    totals = []
    for more in ([], ["--repeats", "2", "--requests_per_minute", "60"]):
        assert main([*SMALL, "--dry_run", "--log_dir", str(tmp_path), *more]) == 0
        totals.append(capsys.readouterr().out.splitlines()[1].replace(",", "").split())
    one, two = totals
    assert one[:2] == ["table4_uid", "2"] and [2 * float(number) for number in one[1:7]] == [float(n) for n in two[1:7]]
    sent = int(two[2]) - int(two[3])
    assert one[7:] == ["no", "rate"] and float(two[7]) == pytest.approx(sent / 3600, abs=0.05)
    assert not list(tmp_path.iterdir())


def test_an_unknown_study_or_model_is_one_line(capsys):
    assert main(["fig2"]) == 2
    assert capsys.readouterr().err.startswith("error: unknown study 'fig2'; known, nearest first: fig2")
    assert main(["fig2a_local_steps", "--engines", "GPT-5=x"]) == 2
    assert capsys.readouterr().err.startswith("error: unknown model in --engines 'GPT-5'")
