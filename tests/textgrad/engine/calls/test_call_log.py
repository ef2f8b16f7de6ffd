"""The call log: keys of requests, and durability."""

import sqlite3
import threading

import pytest

from textgrad.engine.base import Reply
from textgrad.engine.calls.call_log import CallLog, canonical, key_of
from textgrad.errors import BrokenSystem


def test_a_reply_is_stored_with_all_its_fields(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    reply = Reply("text \u2028 \U0001f600", "length", 12, 34)
    log.put("k", canonical({"q": 1}), reply, 0.5)
    assert log.get("k") == reply and log.row("k") == (reply, 0.5)
    assert log.get("other") is None


def test_a_reply_is_on_disk_as_soon_as_it_is_put(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    log.put("k", "{}", Reply("kept"), 0.0)
    other_process = CallLog(tmp_path / "calls.sqlite")  # the first is still open, as after a SIGKILL
    assert other_process.get("k").text == "kept"


def test_the_first_reply_under_a_key_stays(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    log.put("k", "{}", Reply("first"), 0.0)
    log.put("k", "{}", Reply("second"), 0.0)
    assert log.get("k").text == "first" and len(log) == 1


def test_a_log_of_an_earlier_version_is_read_and_continued(tmp_path):
    key, said = "0f" * 16, []
    with sqlite3.connect(tmp_path / "calls.sqlite") as db:
        db.execute(
            "CREATE TABLE calls (key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL, finish_reason "
            "TEXT NOT NULL, prompt_tokens INTEGER, completion_tokens INTEGER, seconds REAL NOT NULL, "
            "ended REAL NOT NULL, seal TEXT NOT NULL) WITHOUT ROWID"
        )
        db.execute(
            "INSERT INTO calls VALUES (?, '{\"n\":1}', 'four', 'stop', 3, 1, 0.5, 0.0, '4aee48b24c9558aa')", (key,)
        )
    db.close()
    log = CallLog(tmp_path / "calls.sqlite", said.append)
    log.put(key_of("next"), "{}", Reply("five"), 0.0)
    assert (log.get(key), log.get(key_of("next")).text, said) == (Reply("four", "stop", 3, 1), "five", [])
    log.close()


def test_a_closed_log_is_one_file(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    log.put("k", "{}", Reply("kept"), 0.0)
    log.close()
    assert [path.name for path in tmp_path.iterdir()] == ["calls.sqlite"]


def test_no_file_is_created_before_the_first_use(tmp_path):
    CallLog(tmp_path / "calls.sqlite")
    assert not list(tmp_path.iterdir())


def test_the_key_depends_on_content_not_on_the_order_of_fields():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of({"a": 1}) != key_of({"a": 2})
    assert key_of({"a": "1"}) != key_of({"a": 1})


def test_images_are_part_of_the_key_and_are_not_stored(tmp_path):
    one, other = {"content": ["see", b"\x89PNG one"]}, {"content": ["see", b"\x89PNG two"]}
    assert key_of(one) != key_of(other)
    assert "sha256:" in canonical(one) and "PNG" not in canonical(one)


def test_many_threads_can_write(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    threads = [threading.Thread(target=lambda n=n: log.put(str(n), "{}", Reply(str(n)), 0.0)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log) == 50


def test_a_file_that_is_not_a_database_is_moved_aside_and_reported(tmp_path):
    path, said = tmp_path / "calls.sqlite", []
    path.write_text("this is no data base, it is a text of some length " * 40)
    assert CallLog(path, said.append).get("k") is None
    assert len(said) == 1 and "calls.sqlite" in said[0] and (tmp_path / "calls.sqlite.damaged").exists()


def test_a_folder_in_place_of_the_file_is_reported(tmp_path):
    (tmp_path / "calls.sqlite").mkdir()
    with pytest.raises(BrokenSystem, match="calls.sqlite"):
        CallLog(tmp_path / "calls.sqlite").get("k")


def test_the_requests_can_be_read_with_any_sqlite_client(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    log.put(key_of({"model": "m"}), canonical({"model": "m"}), Reply("r"), 0.0)
    log.close()
    rows = sqlite3.connect(tmp_path / "calls.sqlite").execute("SELECT request, text FROM calls").fetchall()
    assert rows == [('{"model":"m"}', "r")]


class _Unsupporting(sqlite3.Connection):
    """A connection to a file system on which a statement fails."""

    failing: tuple[str, ...] = ()

    def execute(self, sql, *args):
        if any(words in sql for words in self.failing):
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *args)


@pytest.mark.parametrize("failing", [("WAL",), ("WAL", "EXCLUSIVE")])
def test_a_file_system_without_shared_memory_gets_a_plain_call_log_or_one_line(tmp_path, monkeypatch, failing):
    monkeypatch.setattr(_Unsupporting, "failing", failing)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=_Unsupporting))
    warnings = []
    log = CallLog(tmp_path / "calls.sqlite", warnings.append)
    if len(failing) > 1:
        with pytest.raises(BrokenSystem, match="disk I/O error; check the disk"):
            log.get("k")
        return
    log.put("k", "{}", Reply("kept"), 0.0)
    log.close()
    assert len(warnings) == 1 and "does not support a write-ahead log (disk I/O error)" in warnings[0]
    assert CallLog(tmp_path / "calls.sqlite").get("k").text == "kept"


def test_a_call_log_left_in_wal_mode_is_readable_without_shared_memory(tmp_path, monkeypatch):
    before = CallLog(tmp_path / "calls.sqlite")
    before.put("k", "{}", Reply("kept"), 0.0)
    before._connection.close()  # without returning to a plain file, as after a crash
    monkeypatch.setattr(_Unsupporting, "failing", ("WAL",))
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=_Unsupporting))
    assert CallLog(tmp_path / "calls.sqlite", lambda line: None).get("k").text == "kept"


@pytest.mark.parametrize("reason", ["database or disk is full", "database is locked", "write to a readonly file"])
def test_an_error_that_another_mode_cannot_solve_ends_the_run_at_once(tmp_path, monkeypatch, reason):
    opened = []

    class Failing(sqlite3.Connection):
        def execute(self, sql, *args):
            opened.append(sql)
            raise sqlite3.OperationalError(reason)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=Failing))
    with pytest.raises(BrokenSystem, match=reason):
        CallLog(tmp_path / "calls.sqlite").get("k")
    assert len(opened) == 1
