"""The list of all runs: finished, stopped, interrupted and running ones, whatever else is in the folder."""

import generated_runs
import pytest

from utils.report.run_list import list_runs
from utils.run_log.lock import FolderLock


@pytest.fixture
def logs(tmp_path):
    for name, date, results in (
        ("early", "2026-01-01T10:00:00Z", {}),
        ("late", "2026-03-01T10:00:00Z", {}),
        ("capped", "2026-02-01T10:00:00Z", {"status": "incomplete", "stopped": "the cap of 60 calls is reached"}),
    ):
        generated_runs.write_run(tmp_path / name, {"date": date, **results})
    return tmp_path


def statuses(logs):
    return {listed.run.folder.name: listed.status for listed in list_runs(logs)[0]}


def test_finished_runs_are_listed_newest_first_with_their_status(logs):
    runs, problems = list_runs(logs)
    assert [listed.run.name for listed in runs] == ["late", "capped", "early"] and not problems
    assert statuses(logs) == {"late": "complete", "capped": "incomplete", "early": "complete"}


def test_a_run_without_results_is_interrupted_or_running_by_its_lock(logs):
    folder = generated_runs.write_run(logs / "begun")
    (folder / "ledger.jsonl").write_text("{}\n{}\n")
    (begun,) = (listed for listed in list_runs(logs)[0] if listed.run.name == "begun")
    assert (begun.status, begun.rounds, begun.results) == ("interrupted", 2, {})
    lock = FolderLock(folder)
    lock.acquire()
    assert statuses(logs)["begun"] == "running"
    lock.release()
    assert statuses(logs)["begun"] == "interrupted"


def test_a_finished_run_that_is_continued_is_running(logs):
    lock = FolderLock(logs / "early")
    lock.acquire()
    assert statuses(logs)["early"] == "running"
    lock.release()


def test_each_seed_is_listed_and_a_link_to_a_run_is_not(logs):
    (logs / "latest").symlink_to("late")
    generated_runs.write_run(logs / "repeated" / "seed42", {})
    folders = [listed.run.folder for listed in list_runs(logs)[0]]
    assert sorted(folder.relative_to(logs).as_posix() for folder in folders) == [
        "capped",
        "early",
        "late",
        "repeated/seed42",
    ]


@pytest.mark.parametrize("name", ["config.json", "results.json"])
def test_a_damaged_run_is_a_line_and_hides_no_other_run(logs, name):
    (logs / "early" / name).write_text('{"half')
    runs, (problem,) = list_runs(logs)
    assert {listed.run.name for listed in runs} == {"late", "capped"}
    assert f"early/{name}" in problem and "\n" not in problem
