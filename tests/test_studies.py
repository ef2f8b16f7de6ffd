"""Smoke runs of the studies: each ends with one report of all its runs and resumes when started again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy

ROOT = Path(__file__).parents[1]
STUDIES = sorted((ROOT / "scripts" / "paper").glob("reproduce_*.sh"))


def run(script, tmp_path, **variables):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "SMOKE": "1",
        "PYTHON": sys.executable,
        "LOG_DIR": str(tmp_path),
        **variables,
    }
    return subprocess.run(["sh", str(script)], capture_output=True, text=True, env=environment, timeout=300)


def test_every_study_has_a_script():
    assert {path.stem.removeprefix("reproduce_") for path in STUDIES} == {
        "local_steps",
        "batch_size",
        "num_clients",
        "aggregators",
        "engines",
        "centralized_vs_federated",
        "livebench",
        "transfer",
    }


@pytest.mark.slow
@pytest.mark.parametrize("script", STUDIES, ids=lambda path: path.stem)
def test_a_study_ends_with_a_report_of_all_its_runs(script, tmp_path):
    finished = run(script, tmp_path)
    assert finished.returncode == 0, finished.stderr
    (folder,) = tmp_path.iterdir()
    assert {"report.html", "report.csv", "report.tex"} <= {path.name for path in folder.iterdir()}
    runs = [
        path.name
        for path in folder.iterdir()  # "latest" is a link to another run
        if not path.is_symlink() and (path / "results.json").exists()
    ]
    assert len(runs) >= 2 and all(name in (folder / "report.csv").read_text() for name in runs)


def test_a_finished_study_that_is_started_again_changes_no_results(tmp_path):
    script = ROOT / "scripts" / "paper" / "reproduce_transfer.sh"
    assert run(script, tmp_path).returncode == 0
    before = {path: toy.without_times(path.read_text()) for path in tmp_path.rglob("results.json")}
    again = run(script, tmp_path)
    assert again.returncode == 0 and {path: toy.without_times(path.read_text()) for path in before} == before


def test_a_setting_with_too_many_clients_for_the_data_is_skipped_with_a_reason(tmp_path):
    finished = run(ROOT / "scripts" / "paper" / "reproduce_num_clients.sh", tmp_path, CLIENTS="3 30")
    assert finished.returncode == 0 and "are too few for 30 clients" in finished.stdout
    folder = tmp_path / "smoke_num_clients"
    assert [path.parent.name for path in folder.glob("N*/results.json")] == ["N3_RG_gcd"]
    assert (folder / "report.html").exists()


@pytest.mark.slow
def test_a_study_with_several_seeds_compares_their_means(tmp_path):
    finished = run(ROOT / "scripts" / "paper" / "reproduce_num_clients.sh", tmp_path, CLIENTS="1 3", REPEATS="2")
    assert finished.returncode == 0, finished.stderr
    folder = tmp_path / "smoke_num_clients"
    assert "Over seeds" in (folder / "report.html").read_text()
    assert "N3_RG_gcd (mean over seeds),best_test_acc" in (folder / "report.csv").read_text()
