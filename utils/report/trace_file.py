"""Open the trace of a run for reading."""

import sqlite3
from pathlib import Path

from textgrad.errors import UsageError


def open_trace(folder: Path) -> tuple[sqlite3.Connection, str]:
    """Open the call log of a run, its own or the common one of several seeds; return it with the run's name in it.

    Raises:
        UsageError: there is no call log, or it has no trace.
    """
    path = _call_log(folder)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    try:
        runs = [run for (run,) in connection.execute("SELECT DISTINCT run FROM trace")]
    except sqlite3.Error as error:
        connection.close()
        raise UsageError(
            f"{path} has no trace ({error}): an earlier version wrote it; repeat the run with --replay_only"
        ) from error
    name = folder.resolve().name
    return connection, runs[0] if len(runs) == 1 else name  # the folder may have been renamed


def _call_log(folder: Path) -> Path:
    for path in (folder / "calls.sqlite", folder.resolve().parent / "calls.sqlite"):
        if path.exists():
            return path
    raise UsageError(f"{folder} holds no calls.sqlite: name the folder of a run, such as logs/<run>")
