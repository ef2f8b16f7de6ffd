"""The list of all runs in a folder: finished, interrupted and running ones."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.text import read_json
from utils.report.runs import Run
from utils.run_log.lock import is_locked
from utils.run_log.stored_config import read_config

RUNNING, INTERRUPTED = "running", "interrupted"
_DATE = "%Y-%m-%dT%H:%M:%SZ"  # as results.json has it


@dataclass(frozen=True)
class ListedRun:
    """A run in the list.

    Attributes:
        run: without its events; its results are {} until it is finished.
        status: "running" while a process holds the folder's lock, "interrupted" without results, else the status in
            results.json.
        date: when it ended, or else when it was last started: "2026-01-31T12:00:00Z".
        rounds: rounds in the ledger.
    """

    run: Run
    status: str
    date: str
    rounds: int

    @property
    def results(self) -> dict[str, Any]:
        """The content of results.json; {} until the run is finished."""
        return self.run.results

    @property
    def options(self) -> dict[str, Any]:
        """The run's options."""
        return self.run.options


def list_runs(folder: Path) -> tuple[list[ListedRun], list[str]]:
    """Return the runs in a folder and one level below it, newest first, and one line for each that cannot be read."""
    paths = {path.parent.resolve() for pattern in ("*", "*/*") for path in Path(folder).glob(f"{pattern}/config.json")}
    runs, problems = [], []
    for path in sorted(paths):
        try:
            runs.append(_listed(path))
        except UsageError as error:
            problems.append(str(error))
    return sorted(runs, key=lambda listed: listed.date, reverse=True), problems


def _listed(folder: Path) -> ListedRun:
    config, path = read_config(folder / "config.json"), folder / "results.json"
    results = read_json(path) if path.exists() else {}
    status = RUNNING if is_locked(folder) else results.get("status", INTERRUPTED)
    started = datetime.datetime.fromtimestamp((folder / "config.json").stat().st_mtime, datetime.UTC)
    ledger = folder / "ledger.jsonl"
    rounds = ledger.read_bytes().count(b"\n") if ledger.exists() else 0
    return ListedRun(Run(folder, results, config), status, results.get("date") or started.strftime(_DATE), rounds)
