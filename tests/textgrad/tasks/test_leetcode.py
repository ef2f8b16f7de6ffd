"""LeetCodeHardEval, from a local file and from a download."""

import json

import pytest

from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import DataLoader, leetcode, load_instance_task

PROBLEM = {"task_id": "double", "prompt": "def double(n):", "test": "assert double(2) == 4\nassert double(0) == 0"}
LINE = json.dumps(PROBLEM) + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("FEDTEXTGRAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "leetcode-hard.jsonl").write_text(LINE * 2)
    return tmp_path


def test_a_solution_is_scored_by_its_tests_only_if_running_code_is_allowed(folder):
    problems = load_instance_task("LeetCodeHardEval", None, root=str(folder), allow_code=True)
    ((name, prompt, tests), _) = problems
    assert (name, prompt) == ("double", "def double(n):")
    assert problems.run_tests("```python\ndef double(n):\n    return n * n\n```", tests) == (1.0, "")
    score, failure = problems.run_tests("def double(n):\n    return 4", tests)
    assert score == 0.5 and "assert double(0) == 0 fails" in failure
    with pytest.raises(UsageError, match=r"allow it with LeetCodeHardEval\(allow_code=True\)"):
        load_instance_task("LeetCodeHardEval", None, root=str(folder)).run_tests("pass", tests)


def test_a_batch_has_one_list_per_field(folder):
    loader = DataLoader(leetcode.LeetCodeHardEval(str(folder)), batch_size=2)
    assert list(loader) == [tuple([value] * 2 for value in PROBLEM.values())]


def test_without_a_local_file_it_is_downloaded_once(folder, monkeypatch):
    (folder / "leetcode-hard.jsonl").rename(folder / "served.jsonl")
    monkeypatch.setattr(leetcode, "ADDRESS", (folder / "served.jsonl").as_uri())
    assert len(leetcode.LeetCodeHardEval()) == 2
    (folder / "served.jsonl").unlink()
    assert len(leetcode.LeetCodeHardEval()) == 2


@pytest.mark.parametrize("content", ["", "{}\n", "<html>", json.dumps({**PROBLEM, "test": "x = 1"}), LINE + "{"])
def test_a_download_in_another_form_is_refused(folder, monkeypatch, content):
    (folder / "served.jsonl").write_text(content)
    monkeypatch.setattr(leetcode, "ADDRESS", (folder / "served.jsonl").as_uri())
    with pytest.raises(BrokenSystem, match="cannot be used.*put the data into a folder as leetcode-hard.jsonl"):
        leetcode.LeetCodeHardEval()


def test_an_unknown_instance_task_is_refused():
    with pytest.raises(UsageError, match="unknown instance task 'LeetCode'; known, nearest first: LeetCodeHardEval"):
        load_instance_task("LeetCode", None)
