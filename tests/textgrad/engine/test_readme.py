"""One added file is a complete engine: the README's example."""

import json

import scratch_copy
import toy


def test_the_engine_of_the_readme_answers_in_a_scratch_copy(tmp_path):
    name, code = scratch_copy.readme_example("textgrad/engine/README.md")
    project = scratch_copy.copy_project(tmp_path / "project")
    (project / name).write_text(code, encoding="utf-8")
    process = scratch_copy.run_in(project, *toy.options(tmp_path, "--rounds", "1"), "--test_engine", "echo-3")
    assert process.returncode == 0, process.stdout + process.stderr
    assert scratch_copy.changed_files(project) == [name], "an engine is one added file"
    run = tmp_path / "logs" / "run"
    assert json.loads((run / "config.json").read_text())["engines"]["test"]["model"] == "echo-3"
    assert json.loads((run / "results.json").read_text())["usage"]["test"]["calls"] > 0


def test_an_unknown_engine_name_lists_the_added_engine(tmp_path):
    name, code = scratch_copy.readme_example("textgrad/engine/README.md")
    project = scratch_copy.copy_project(tmp_path / "project")
    (project / name).write_text(code, encoding="utf-8")
    process = scratch_copy.run_in(project, *toy.options(tmp_path), "--test_engine", "ecko-5")
    assert process.returncode == 2 and "echo-5" in process.stderr
