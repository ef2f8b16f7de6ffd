"""The steps, evaluations and requests of a run as data frames, for notebooks."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textgrad.text import read_json_lines
from utils.report.trace_file import open_trace

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
    connection, name = open_trace(folder)
    with closing(connection):
        query = "SELECT * FROM requests WHERE run = ? ORDER BY scope, number"
        calls = read_sql_query(query, connection, params=(name,))
    events = DataFrame(read_json_lines(folder / "metrics.jsonl"))
    steps, evaluations = (
        events[events["event"] == kind].dropna(axis="columns", how="all").reset_index(drop=True)
        for kind in ("step", "evaluation")
    )
    return Frames(steps, evaluations, calls)
