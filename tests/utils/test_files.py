"""Writing so that a reader finds whole files."""

import json

import pytest

from textgrad.errors import BrokenSystem
from utils.files import JsonLines, atomic_write


def lines_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_whole_file_replaces_the_old_one_and_leaves_no_part(tmp_path):
    atomic_write(tmp_path / "a.txt", "old")
    atomic_write(tmp_path / "a.txt", "new \ud800")
    assert (tmp_path / "a.txt").read_text() == "new ?" and len(list(tmp_path.iterdir())) == 1
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(BrokenSystem, match="cannot write .*no/a.txt"):
        atomic_write(tmp_path / "no" / "a.txt", "x")


def test_lines_told_again_are_not_written_again(tmp_path):
    path = tmp_path / "m.jsonl"
    first = JsonLines(path)
    for number in range(3):
        first.append({"n": number})
    again = JsonLines(path)
    for number in range(5):
        again.append({"n": number})
    assert lines_in(path) == [{"n": number} for number in range(5)]


def test_a_torn_last_line_is_dropped(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"n": 0}\n{"n": 1')
    again = JsonLines(path)
    assert lines_in(path) == [{"n": 0}]
    again.append({"n": 0})
    again.append({"n": 1})
    assert lines_in(path) == [{"n": 0}, {"n": 1}]


def test_lines_that_are_no_longer_true_go_with_all_that_follow(tmp_path):
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
