"""Every aggregator in whole runs on the simulated engine, with flawed replies and merges."""

import json

import pytest
import toy

import main
from textgrad.discovery import names_in
from utils.run_log.ledger import verify

METHODS = [name for name in names_in("utils.aggregation.methods") if name != "none"]


@pytest.mark.parametrize("method", METHODS)
def test_a_replay_gives_the_same_files_and_the_ledger_holds(tmp_path, method):
    options = toy.options(
        tmp_path,
        *("--aggregate_method", method, "--num_clients", "5", "--train_size", "30"),
        engine="simulated:topics=4,forget=0.5,bad=0.1",
    )
    assert main.main(options) == 0
    folder = tmp_path / "logs" / "run"
    before = toy.story(folder)
    assert verify(folder) == (2, None)
    assert main.main([*options, "--replay_only"]) == 0
    assert toy.story(folder) == before
    merge = json.loads((folder / "results.json").read_text())["rounds"][1]["merge"]
    assert merge["distinct_uploads"] > 1, "nothing was merged"


def test_a_run_with_votes_replays_and_its_report_states_their_privacy(tmp_path):
    options = toy.options(
        tmp_path,
        *("--aggregate_method", "validated", "--score_by", "clients", "--vote_epsilon", "0.5", "--rounds", "1"),
        engine="simulated:topics=4,forget=0.5",
    )
    assert main.main(options) == 0
    folder = tmp_path / "logs" / "run"
    before, page = toy.story(folder), (folder / "report.html").read_text()
    results = json.loads((folder / "results.json").read_text())
    assert results["votes"]["total_epsilon"] == 0.5 and len(results["rounds"][1]["merge"]["client_scores"]) == 1
    assert "Each answer is a vote with epsilon = 0.5" in page and "total epsilon 0.5 by basic composition" in page
    assert "Uploaded prompts are free text and carry no formal privacy guarantee." in page
    assert main.main([*options, "--replay_only"]) == 0
    assert toy.story(folder) == before
