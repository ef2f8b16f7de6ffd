"""The steps, evaluations and requests of a run as data frames, for notebooks."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textgrad.errors import UsageError
from textgrad.text import read_json_lines

if TYPE_CHECKING:
    from pandas import DataFrame


class Frames(NamedTuple):
    """Data frames of a run.

    Attributes:
        steps: one row per local step, with the columns of its line in metrics.jsonl.
        evaluations: one row per evaluated prompt and task.
        calls: one row per request, with the columns of the view `requests` of calls.sqlite.
    """

    steps: "DataFrame"
    evaluations: "DataFrame"
    calls: "DataFrame"


def frames(run: str | Path) -> Frames:
    """Return the data frames of a run, finished or not.

    Args:
        run: its folder, such as logs/<run>.

    Raises:
        UsageError: the folder holds no metrics.jsonl, or no trace.
    """
    from pandas import DataFrame, read_sql_query  # installed with datasets; slow to import

    folder = Path(run)
    with closing(open_trace(folder)) as connection:
        query = "SELECT * FROM requests WHERE run = ? ORDER BY scope, number"
        calls = read_sql_query(query, connection, params=(folder.resolve().name,))
    events = DataFrame(read_json_lines(folder / "metrics.jsonl"))
    steps, evaluations = (
        events[events["event"] == kind].dropna(axis="columns", how="all").reset_index(drop=True)
        for kind in ("step", "evaluation")
    )
    return Frames(steps, evaluations, calls)


def open_trace(folder: Path) -> sqlite3.Connection:
    """Open the call log of a run for reading: its own, or the common one of several seeds.

    Raises:
        UsageError: there is none, or it has no trace.
    """
    for path in (folder / "calls.sqlite", folder.resolve().parent / "calls.sqlite"):
        if path.exists():
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                connection.execute("SELECT 1 FROM requests LIMIT 1")
            except sqlite3.Error as error:
                connection.close()
                raise UsageError(
                    f"{path} has no trace ({error}): an earlier version wrote it; repeat the run with --replay_only"
                ) from error
            return connection
    raise UsageError(f"{folder} holds no calls.sqlite: name the folder of a run, such as logs/<run>")
