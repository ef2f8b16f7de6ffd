"""The example of textgrad/tasks/README.md is a complete task source."""

import json

import pytest
from scratch_copy import changed_files, copy_project, readme_example, run_in

ENGINES = ("--test_engine", "simulated", "--evaluation_engine", "simulated", "--comet_mode", "disabled")


@pytest.fixture
def project(tmp_path):
    """A scratch copy with the task source of the README."""
    project = copy_project(tmp_path)
    path, code = readme_example("textgrad/tasks/README.md", "textgrad/tasks/squares.py")
    (project / path).write_text(code, encoding="utf-8")
    assert changed_files(project) == [path], "a task source is one added file"
    return project


def test_the_task_source_of_the_readme_trains_in_a_scratch_copy(project):
    options = ("--module", "train_centralized", "--task", "squares", "--rounds", "1", "--run_name", "squares")
    process = run_in(project, *options, *ENGINES)
    assert process.returncode == 0, process.stdout + process.stderr
    results = json.loads((project / "logs" / "squares" / "results.json").read_text(encoding="utf-8"))
    assert results["metrics"]["last_test_acc"]["n"] == 18
    assert results["status"] == "complete"


def test_the_error_for_an_unknown_task_names_the_added_task_first(project):
    process = run_in(project, "--module", "train_centralized", "--task", "square", *ENGINES)
    assert process.returncode == 2
    assert "squares" in process.stderr.split("nearest first: ")[1].split(",")[0] and "Traceback" not in process.stderr
