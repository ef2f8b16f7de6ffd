"""Atomic writes and files of JSON lines."""

import json

import pytest

from textgrad.errors import BrokenSystem
from utils.files import JsonLines, atomic_write


def lines_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_file_is_replaced_atomically_without_leftovers(tmp_path):
    atomic_write(tmp_path / "a.txt", "old")
    atomic_write(tmp_path / "a.txt", "new \ud800")
    assert (tmp_path / "a.txt").read_text() == "new ?" and len(list(tmp_path.iterdir())) == 1
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_reported(tmp_path):
    with pytest.raises(BrokenSystem, match="cannot write .*no/a.txt"):
        atomic_write(tmp_path / "no" / "a.txt", "x")


def test_repeated_lines_are_not_written_again(tmp_path):
    path = tmp_path / "m.jsonl"
    first = JsonLines(path)
    for number in range(3):
        first.append({"n": number})
    again = JsonLines(path)
    for number in range(5):
        again.append({"n": number})
    assert lines_in(path) == [{"n": number} for number in range(5)]


def test_an_incomplete_last_line_is_removed(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"n": 0}\n{"n": 1')
    again = JsonLines(path)
    assert lines_in(path) == [{"n": 0}]
    again.append({"n": 0})
    again.append({"n": 1})
    assert lines_in(path) == [{"n": 0}, {"n": 1}]


def test_a_line_that_differs_is_replaced_and_all_later_lines_are_removed(tmp_path):
    path = tmp_path / "m.jsonl"
    first = JsonLines(path)
    for number in range(4):
        first.append({"n": number})
    again = JsonLines(path)
    again.append({"n": 0})
    again.append({"n": "other"})
    assert lines_in(path) == [{"n": 0}, {"n": "other"}]
    again.append({"n": 2})
    assert lines_in(path) == [{"n": 0}, {"n": "other"}, {"n": 2}]


def test_lines_that_a_continued_run_does_not_repeat_are_removed_at_its_end(tmp_path):
    path = tmp_path / "m.jsonl"
    first = JsonLines(path)
    for number in range(4):
        first.append({"n": number})
    again = JsonLines(path)
    again.append({"n": 0})
    assert len(lines_in(path)) == 4
    again.finish()
    assert lines_in(path) == [{"n": 0}]
    again.append({"n": 5})
    assert lines_in(path) == [{"n": 0}, {"n": 5}]
