"""The README: its example is a complete engine, and its table lists all engine names."""

import json
import re

import scratch_copy
import toy

from textgrad.engine.registry import declared_kinds


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


def test_the_table_lists_every_kind_of_engine_and_every_short_name():
    readme = (scratch_copy.ROOT / "textgrad/engine/README.md").read_text(encoding="utf-8")
    table = readme.split("## Calls")[0]
    names = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`([^`]+)`", line)}
    prefixes = [re.split(r"[<\[*]", name)[0] for name in names]
    for module, kind in declared_kinds():
        assert any(kind.example.startswith(prefix) for prefix in prefixes), module
        assert set(kind.short_names) <= names, module
