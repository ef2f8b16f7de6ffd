"""Errors of the operating system, of SQLite and of the interpreter as one line: what failed, where, and the fix."""

import errno
import os
import re
import sqlite3

from textgrad.errors import BrokenSystem, StopRun, UsageError

NO_LOCKS = frozenset((errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL))
LOCAL_LIMITS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS))  # no server is to blame

_AGAIN = "then run the same command again"
_SPACE = f"free disk space, {_AGAIN}"
_LOAD = "or lower --max_concurrency"
_MEMORY = f"free memory {_LOAD}, {_AGAIN}"
_PROCESSES = f"raise the limits of processes and memory (ulimit -u, -v) {_LOAD}, {_AGAIN}"
_ADVICE = {
    errno.ENOSPC: _SPACE,
    getattr(errno, "EDQUOT", errno.ENOSPC): _SPACE,
    errno.EFBIG: f"raise the limit with ulimit -f, {_AGAIN}",
    errno.EROFS: "choose a folder on a writable file system",
    errno.EACCES: "change its permissions, or choose another path",
    errno.EPERM: "change its permissions, or choose another path",
    errno.ENOENT: "create it, or correct the path",
    errno.ENOTDIR: "a part of the path is a file: correct the path",
    errno.EISDIR: "it is a folder: name a file",
    errno.EEXIST: "remove it, or choose another path",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "remove the circular links, or correct the path",
    errno.EINVAL: "correct the path",
    errno.EMFILE: f"raise the limit with ulimit -n {_LOAD}, {_AGAIN}",
    errno.ENFILE: f"close other programs {_LOAD}, {_AGAIN}",
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: _PROCESSES,
    errno.EIO: f"check the disk, {_AGAIN}",
    errno.ESTALE if hasattr(errno, "ESTALE") else -1: f"mount the file system again, {_AGAIN}",
}
_USERS_MISTAKES = frozenset(
    (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
    + (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
)
_SQLITE_ADVICE = {
    "full": _SPACE,
    "readonly": "change the permissions of the file and its folder",
    "unable to open": "check the permissions of its folder and the number of open files (ulimit -n)",
    "lock": "wait for the process that uses it, or choose a folder on a file system that supports locks",
    "i/o error": f"check the disk and its free space, {_AGAIN}",
}


def describe(error: OSError | ValueError) -> str:
    """Return the reason for an error of the operating system, and the fix, in one line."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT and not _has_current_folder():
        return "the current folder does not exist any more; change to another folder"
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    advice = _ADVICE.get(number, f"check the path and the disk, {_AGAIN}")
    return f"{' '.join(str(reason).split())}; {advice}"


def describe_sqlite(error: sqlite3.Error) -> str:
    """Return the reason for an error of SQLite, and the fix, in one line."""
    reason = str(error)
    found = (advice for wording, advice in _SQLITE_ADVICE.items() if wording in reason.lower())
    return f"{reason}; {next(found, f'check the file and its folder, {_AGAIN}')}"


def file_error(doing: str, path: object, error: OSError | ValueError) -> StopRun:
    """Return the error to raise for a file that cannot be used.

    Args:
        doing: such as "cannot write".
        path: of the file.
        error: of the operating system; a ValueError for a path that contains a null character.
    """
    number = getattr(error, "errno", errno.EINVAL)
    kind = UsageError if number in _USERS_MISTAKES else BrokenSystem
    return kind(f"{doing} {path}: {describe(error)}")


def as_stop_run(error: BaseException) -> StopRun | None:
    """Return an error that nothing else has handled as a reason to stop; None for an error in the program."""
    if isinstance(error, StopRun):
        return error
    if isinstance(error, OSError):
        return _unhandled(error)
    if isinstance(error, sqlite3.Error):
        return BrokenSystem(f"SQLite failed: {describe_sqlite(error)}")
    if isinstance(error, MemoryError):
        return BrokenSystem(f"out of memory: {_MEMORY}")
    if isinstance(error, RecursionError):
        return BrokenSystem("a text or a file is nested too deeply: shorten it, or remove the nested part")
    if isinstance(error, UnicodeError):
        return BrokenSystem(f"a text cannot be encoded ({error}): save files as UTF-8, or set PYTHONUTF8=1")
    if isinstance(error, RuntimeError) and re.search("start new thread|home directory", str(error)):
        advice = _PROCESSES if "thread" in str(error) else "set HOME to a folder"
        return BrokenSystem(f"{str(error).rstrip('.').lower()}: {advice}")
    return None


def _unhandled(error: OSError) -> StopRun:
    if isinstance(error, ConnectionError | TimeoutError) or error.filename is None:
        return BrokenSystem(f"the operating system refused an operation: {describe(error)}")
    names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    return file_error("cannot use", " -> ".join(names) or error.filename, error)


def _has_current_folder() -> bool:
    try:
        return bool(os.getcwd())
    except OSError:
        return False
