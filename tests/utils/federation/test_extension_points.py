"""Optimizers, acceptance rules and client selections added by one file, as their READMEs say."""

import json
import sqlite3

import pytest
import toy
from scratch_copy import copy_project, readme_example, run_in

pytestmark = pytest.mark.slow


def run_with_example(tmp_path, readme, *options):
    path, code = readme_example(readme)
    (tmp_path / "project").mkdir()
    project = copy_project(tmp_path / "project")
    (project / path).write_text(code)
    finished = run_in(project, *toy.options(tmp_path, *options))
    assert finished.returncode == 0, finished.stderr
    return json.loads((tmp_path / "logs" / "run" / "results.json").read_text())


def test_the_readmes_optimizer_runs_as_one_added_file_and_sends_three_requests_per_step(tmp_path):
    results = run_with_example(tmp_path, "textgrad/optimizer/README.md", "--optimizer", "best_of_three")
    assert results["rounds"]
    calls = sqlite3.connect(tmp_path / "logs" / "run" / "calls.sqlite")
    requests = [row[0] for row in calls.execute("SELECT request FROM calls WHERE request LIKE '%You are the editor%'")]
    numbers = [sum(f"number {number} of 3" in request for request in requests) for number in (2, 3)]
    plain = sum("of 3" not in request for request in requests)
    assert numbers == [plain, plain] and plain > 0


def test_the_readmes_acceptance_rule_runs_as_one_added_file(tmp_path):
    results = run_with_example(tmp_path, "utils/federation/acceptance/README.md", "--accept", "no_regression")
    assert results["rounds"]


def test_the_readmes_client_selection_runs_as_one_added_file(tmp_path):
    more = ("--select_clients", "highest_loss", "--client_fraction", "0.4", "--rounds", "3")
    results = run_with_example(tmp_path, "utils/federation/selection/README.md", *more)
    assert sorted(client for each in results["rounds"][1:] for client in each["sampled"]) == [0, 1, 2]


@pytest.mark.parametrize("flag", ["accept", "select_clients", "optimizer"])
def test_an_unknown_name_lists_the_known_ones(tmp_path, flag):
    from textgrad.errors import UsageError

    with pytest.raises(UsageError, match=f"unknown {flag} 'nothing'"):
        toy.config(tmp_path, f"--{flag}", "nothing")
