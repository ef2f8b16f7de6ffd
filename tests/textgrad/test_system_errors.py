"""Errors of the operating system as one line."""

import errno
import os
import sqlite3
import threading

import pytest

from textgrad.cache import cache_folder
from textgrad.concurrency import fan_out
from textgrad.errors import BrokenSystem, UsageError
from textgrad.system_errors import as_stop_run, describe, file_error


@pytest.mark.parametrize(
    "number, kind, advice",
    [
        (errno.ENOSPC, BrokenSystem, "free disk space"),
        (errno.EDQUOT, BrokenSystem, "free disk space"),
        (errno.EROFS, UsageError, "writable file system"),
        (errno.EMFILE, BrokenSystem, "ulimit -n or lower --max_concurrency"),
        (errno.ENAMETOOLONG, UsageError, "shorter name"),
        (errno.EACCES, UsageError, "permissions"),
        (errno.ENOENT, UsageError, "correct the path"),
        (errno.EIO, BrokenSystem, "check the disk"),
        (errno.EXDEV, BrokenSystem, "run the same command again"),
    ],
)
def test_an_error_of_the_system_has_its_reason_its_file_and_a_fix(number, kind, advice):
    reason = as_stop_run(OSError(number, os.strerror(number), "/somewhere/x"))
    assert type(reason) is kind and str(reason).startswith(f"cannot use /somewhere/x: {os.strerror(number)}; ")
    assert advice in str(reason)


@pytest.mark.parametrize(
    "error, told",
    [
        (OSError(errno.ENOSPC, "No space left on device"), "refused an operation: No space left"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), "Connection reset"),
        (OSError("plain"), "plain"),
        (OSError(), "OSError"),
        (sqlite3.OperationalError("database or disk is full"), "free disk space"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "change the permissions"),
        (sqlite3.DatabaseError("odd"), "odd; check the file"),
        (MemoryError(), "out of memory: free memory"),
        (RecursionError("maximum"), "nested too deeply"),
        (UnicodeEncodeError("latin-1", "\u201c", 0, 1, "ordinal not in range"), "cannot be encoded"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (RuntimeError("Could not determine home directory."), "set HOME"),
    ],
)
def test_every_failure_of_the_system_is_a_line(error, told):
    reason = str(as_stop_run(error))
    assert told in reason and "\n" not in reason


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("a defect"), ValueError("x"), AssertionError()])
def test_an_error_in_the_program_keeps_its_traceback(error):
    assert as_stop_run(error) is None


def test_a_rename_names_both_files():
    error = OSError(errno.EXDEV, "Invalid cross-device link", "a", None, b"b")
    assert "cannot use a -> b: Invalid cross-device link" in str(as_stop_run(error))


def test_a_null_character_in_a_path_is_a_users_mistake():
    reason = file_error("cannot write", "x", ValueError("embedded null byte"))
    assert isinstance(reason, UsageError) and "embedded null byte" in str(reason)


def test_a_deleted_current_folder_is_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getcwd", lambda: (_ for _ in ()).throw(FileNotFoundError(errno.ENOENT, "gone")))
    assert describe(FileNotFoundError(errno.ENOENT, "No such file")).startswith("the current folder does not exist")


def test_the_cache_has_a_place_without_a_home(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder() == tmp_path / "textgrad"


def test_a_fan_out_uses_the_threads_that_the_system_allows(monkeypatch):
    start, started = threading.Thread.start, []

    def limited(thread):
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    hold = threading.Event()
    hold.set()
    assert fan_out(lambda item: hold.wait() and item * 2, range(20)) == [item * 2 for item in range(20)]
    monkeypatch.setattr(threading.Thread, "start", lambda thread: (_ for _ in ()).throw(RuntimeError("can't start")))
    with pytest.raises(RuntimeError):
        fan_out(lambda item: item, range(3))
