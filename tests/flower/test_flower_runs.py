"""Whole runs over several processes: the same prompts as on one machine, plain and with TLS and keys."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import toy
from flower_machines import ROOT, by_script, living_with, rounds_in, until

import main
from utils.run_log.ledger import verify

pytestmark = pytest.mark.slow


def prompts_in(folder):
    return {path.name: path.read_text() for path in (folder / "prompts").glob("*.txt") if "_step" not in path.name}


@pytest.mark.timeout(500)
@pytest.mark.parametrize("module", ["train_homo_fed", "train_hetero_fed"])
@pytest.mark.parametrize("script", ["local.sh", "tls.sh"])
def test_sites_and_one_machine_find_the_same_prompts(flower, tmp_path, script, module):
    tasks = [
        toy.task_file(tmp_path, name, topics, seed=seed)
        for seed, (name, topics) in enumerate([("first", [1, 2]), ("second", [2, 3]), ("third", [0, 3])])
    ][: 1 if module == "train_homo_fed" else 3]
    options = toy.options(tmp_path, module=module, tasks=tasks)
    assert main.main([*options, "--run_name", "alone"]) == 0
    started = by_script(script, tmp_path, *options)
    told, _ = started.communicate(timeout=400)
    assert started.returncode == 0, told[-6000:]
    assert not living_with(tmp_path / "machines")
    alone, apart = tmp_path / "logs" / "alone", tmp_path / "logs" / "run"
    assert prompts_in(apart) == prompts_in(alone) and len(prompts_in(apart)) > 10
    assert (apart / "ledger.jsonl").read_bytes() == (alone / "ledger.jsonl").read_bytes()
    assert verify(apart) == (2, None)
    metrics = [json.loads((folder / "results.json").read_text())["metrics"] for folder in (apart, alone)]
    assert metrics[0] == metrics[1]
    for number in range(3):
        assert (tmp_path / "machines" / f"site-{number}" / "logs" / "run" / "calls.sqlite").exists()
    brought_back = {path.name for path in apart.iterdir()}
    kept = {path.name for path in (tmp_path / "machines" / "server" / "logs" / "run").iterdir()}
    assert brought_back <= kept and "calls.sqlite" in kept - brought_back
    if script == "tls.sh":
        assert "https://" in (tmp_path / "machines" / "superlink" / "log").read_text()
        assert (tmp_path / "machines" / "keys" / "register.log").read_text().count("registered") == 3


def test_what_goes_to_the_sites_is_the_two_files_of_the_app(flower, tmp_path):
    flwr = Path(sys.executable).with_name("flwr")
    quiet = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
    }
    subprocess.run(
        [flwr, "build", "--app", ROOT / "utils" / "flower"],
        cwd=tmp_path,
        env=quiet,
        check=True,
        timeout=60,
        capture_output=True,
    )
    (bundle,) = tmp_path.glob("*.fab")
    assert set(zipfile.ZipFile(bundle).namelist()) == {
        "pyproject.toml",
        "server_app.py",
        "client_app.py",
        ".info/CONTENT",
    }


@pytest.mark.timeout(300)
def test_ctrl_c_at_the_terminal_of_a_trial_stops_the_run_and_leaves_no_process(flower, tmp_path):
    started = by_script("local.sh", tmp_path, *toy.options(tmp_path, "--rounds", "30"))
    server = tmp_path / "machines" / "server" / "logs" / "run"
    until(lambda: len(rounds_in(server)) >= 1)
    os.killpg(started.pid, signal.SIGINT)
    told, _ = started.communicate(timeout=60)
    assert started.returncode == 130, told
    assert "it is stopped" in told and not living_with(tmp_path / "machines")
    assert len(rounds_in(server)) < 30
