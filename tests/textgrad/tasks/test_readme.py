"""The example of textgrad/tasks/README.md is a complete task source."""

import json

import scratch_copy


def test_the_task_source_of_the_readme_trains_in_a_scratch_copy(tmp_path):
    project = scratch_copy.copy_project(tmp_path)
    path, code = scratch_copy.readme_example("textgrad/tasks/README.md")
    (project / path).write_text(code, encoding="utf-8")
    done = scratch_copy.run_in(
        project,
        *("--module", "train_centralized", "--task", "squares", "--rounds", "1", "--run_name", "squares"),
        *("--test_engine", "simulated", "--evaluation_engine", "simulated", "--comet_mode", "disabled"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((project / "logs" / "squares" / "results.json").read_text(encoding="utf-8"))
    assert results["metrics"]["last_test_acc"]["n"] == 18
    assert results["status"] == "complete"


def test_an_unknown_task_is_refused_in_one_line_that_names_the_new_one_first(tmp_path):
    project = scratch_copy.copy_project(tmp_path)
    path, code = scratch_copy.readme_example("textgrad/tasks/README.md")
    (project / path).write_text(code, encoding="utf-8")
    done = scratch_copy.run_in(
        project,
        "--module",
        "train_centralized",
        "--task",
        "square",
        *("--test_engine", "simulated"),
        *("--evaluation_engine", "simulated"),
    )
    assert done.returncode == 2
    assert "squares" in done.stderr.split("nearest first: ")[1].split(",")[0] and "Traceback" not in done.stderr
