"""Optimizers, acceptance rules, client selections and attacks added by one file, as their READMEs say."""

import json
import sqlite3

import pytest
import toy
from scratch_copy import changed_files, copy_project, readme_example, run_in

from textgrad.errors import UsageError

pytestmark = pytest.mark.slow


def run_with_example(tmp_path, readme, *options):
    """Add a README's example to a scratch copy, run it there and return the folder of the run."""
    path, code = readme_example(readme)
    project = copy_project(tmp_path / "project")
    (project / path).write_text(code)
    finished = run_in(project, *toy.options(tmp_path, *options))
    assert finished.returncode == 0, finished.stderr
    assert changed_files(project) == [path], "an extension is one added file"
    return tmp_path / "logs" / "run"


def local_steps(folder):
    """Return the events of all local steps."""
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [event for event in events if event["event"] == "step"]


def test_the_optimizer_of_the_readme_sends_three_requests_per_step(tmp_path):
    folder = run_with_example(tmp_path, "textgrad/optimizer/README.md", "--optimizer", "best_of_three")
    calls = sqlite3.connect(folder / "calls.sqlite")
    requests = [row[0] for row in calls.execute("SELECT request FROM calls WHERE request LIKE '%You are the editor%'")]
    numbers = [sum(f"number {number} of 3" in request for request in requests) for number in (2, 3)]
    plain = sum("of 3" not in request for request in requests)
    assert numbers == [plain, plain] and plain > 0


def test_the_acceptance_rule_of_the_readme_decides_every_step(tmp_path):
    folder = run_with_example(tmp_path, "utils/federation/acceptance/README.md", "--accept", "no_regression")
    assert json.loads((folder / "config.json").read_text())["options"]["accept"] == "no_regression"
    steps = [step for step in local_steps(folder) if step["after"] is not None]
    assert steps and all(step["after"] >= step["before"] for step in steps if step["accepted"])


def test_the_client_selection_of_the_readme_samples_the_highest_loss(tmp_path):
    options = ("--select_clients", "highest_loss", "--client_fraction", "0.4", "--rounds", "4", "--local_steps", "1")
    folder = run_with_example(tmp_path, "utils/federation/selection/README.md", *options)
    sampled = [record["sampled"] for record in json.loads((folder / "results.json").read_text())["rounds"][1:]]
    assert sorted(client for clients in sampled[:3] for client in clients) == [0, 1, 2], "clients without a loss first"
    losses = {
        step["client"]: 1 - (step["after"] if step["accepted"] else step["before"])
        for step in local_steps(folder)
        if step["round"] < 4
    }
    (last,) = sampled[3]
    assert losses[last] == max(losses.values())


def test_the_attack_of_the_readme_uploads_the_broadcast_prompt(tmp_path):
    options = ("--attack", "free_rider", "--malicious_rate", "0.4")
    folder = run_with_example(tmp_path, "utils/federation/attacks/README.md", *options)
    (malicious,) = json.loads((folder / "results.json").read_text())["attack"]["malicious_clients"]
    for line in (folder / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        unchanged = [each["client"] for each in entry["clients"] if each["uploaded"] == entry["broadcast"][0]]
        assert malicious in unchanged
        assert [each["client"] for each in entry["clients"] if each.get("malicious")] == [malicious]


@pytest.mark.parametrize("flag", ["accept", "select_clients", "optimizer", "attack"])
def test_an_unknown_name_lists_the_known_ones(tmp_path, flag):
    with pytest.raises(UsageError, match=f"unknown {flag} 'nothing'"):
        toy.config(tmp_path, f"--{flag}", "nothing")
