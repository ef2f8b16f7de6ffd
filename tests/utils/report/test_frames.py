"""Data frames of a run, and the examples of logs/README.md."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.report.frames import frames

README = Path(__file__).parents[3] / "logs" / "README.md"


def test_the_queries_and_the_lines_of_pandas_in_the_readme_work(tmp_path, monkeypatch, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    text = README.read_text(encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "logs" / "run" / "calls.sqlite")) as connection:
        found = [
            connection.execute(query).fetchall()
            for query in re.search("```sql\n(.*?)```", text, re.DOTALL)[1].split(";\n")
            if query.strip()
        ]
    assert len(found) == 3 and found[0] and sum(count for _, count, _ in found[2]) > 0
    monkeypatch.chdir(tmp_path)
    exec(re.search("```python\n(.*?)```", text, re.DOTALL)[1], {})
    assert "critic" in capsys.readouterr().out


def test_a_folder_without_a_trace_is_refused_in_one_line(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(UsageError, match="holds no calls.sqlite"):
        frames(tmp_path)
    sqlite3.connect(tmp_path / "calls.sqlite").execute("CREATE TABLE calls (key TEXT)")
    with pytest.raises(UsageError, match="no trace.*--replay_only"):
        frames(tmp_path)
