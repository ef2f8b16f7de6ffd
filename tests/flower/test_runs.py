"""Whole runs over several processes: the same prompts as on one machine, without and with TLS and keys."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import toy
from flower_machines import ROOT, processes_of, rounds_in, start_script, wait_until

import main
from utils.run_log.ledger import verify

pytestmark = pytest.mark.slow


def prompts_in(folder):
    return {path.name: path.read_text() for path in (folder / "prompts").glob("*.txt") if "_step" not in path.name}


@pytest.mark.timeout(500)
@pytest.mark.parametrize("module", ["train_homo_fed", "train_hetero_fed"])
@pytest.mark.parametrize("script", ["local.sh", "tls.sh"])
def test_sites_find_the_same_prompts_as_one_machine(flower, tmp_path, script, module):
    tasks = [
        toy.task_file(tmp_path, name, topics, seed=seed)
        for seed, (name, topics) in enumerate([("first", [1, 2]), ("second", [2, 3]), ("third", [0, 3])])
    ][: 1 if module == "train_homo_fed" else 3]
    more = ["--skip_solved"] if module == "train_hetero_fed" else []  # must reach the sites
    if script == "local.sh":  # aggregators that use the counts of uploads, and validation questions
        more += ["--aggregate_method", "vote" if module == "train_homo_fed" else "robust"]
    elif module == "train_homo_fed":
        more += ["--aggregate_method", "validated", "--score_by", "clients"]
    options = toy.options(tmp_path, *more, module=module, tasks=tasks)
    assert main.main([*options, "--run_name", "alone"]) == 0
    started = start_script(script, tmp_path, *options)
    printed, _ = started.communicate(timeout=400)
    assert started.returncode == 0, printed[-6000:]
    assert not processes_of(tmp_path / "machines")
    alone, flower_run = tmp_path / "logs" / "alone", tmp_path / "logs" / "run"
    assert prompts_in(flower_run) == prompts_in(alone) and len(prompts_in(flower_run)) > 10
    assert (flower_run / "ledger.jsonl").read_bytes() == (alone / "ledger.jsonl").read_bytes()
    assert verify(flower_run) == (2, None)
    metrics = [json.loads((folder / "results.json").read_text())["metrics"] for folder in (flower_run, alone)]
    assert metrics[0] == metrics[1]
    for number in range(3):
        assert (tmp_path / "machines" / f"site-{number}" / "logs" / "run" / "calls.sqlite").exists()
    returned = {path.name for path in flower_run.iterdir()}
    on_server = {path.name for path in (tmp_path / "machines" / "server" / "logs" / "run").iterdir()}
    assert returned <= on_server and "calls.sqlite" in on_server - returned
    if script == "tls.sh":
        assert "https://" in (tmp_path / "machines" / "superlink" / "log").read_text()
        assert (tmp_path / "machines" / "keys" / "register.log").read_text().count("registered") == 3


def test_the_app_that_is_sent_to_sites_has_only_its_two_files(flower, tmp_path):
    flwr = Path(sys.executable).with_name("flwr")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
    }
    subprocess.run(
        [flwr, "build", "--app", ROOT / "utils" / "flower"],
        cwd=tmp_path,
        env=environment,
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
def test_ctrl_c_stops_a_trial_run_and_leaves_no_process(flower, tmp_path):
    started = start_script("local.sh", tmp_path, *toy.options(tmp_path, "--rounds", "30"))
    server = tmp_path / "machines" / "server" / "logs" / "run"
    wait_until(lambda: len(rounds_in(server)) >= 1)
    os.killpg(started.pid, signal.SIGINT)
    printed, _ = started.communicate(timeout=60)
    assert started.returncode == 130, printed
    assert "the run is stopped" in printed and not processes_of(tmp_path / "machines")
    assert len(rounds_in(server)) < 30
