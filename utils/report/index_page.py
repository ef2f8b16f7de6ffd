"""The page of all runs in a folder: a table to sort and filter, from which runs are chosen for a comparison."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.report.formats import interval_text
from utils.report.pages import render
from utils.report.run_list import INTERRUPTED, RUNNING, ListedRun
from utils.report.runs import is_run
from utils.run_log.comparisons import main_comparisons, whose


@dataclass(frozen=True)
class Cell:
    """A cell of the table.

    Attributes:
        text: of the cell; a dash is shown for "".
        note: shown smaller below it.
        rank: sorts the column; None sorts by the text.
    """

    text: str = ""
    note: str = ""
    rank: float | None = None


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        heading: its title.
        meaning: its tooltip.
        cell: function that returns its cell for a run.
        is_number: right-aligned if True.
    """

    heading: str
    meaning: str
    cell: Callable[[ListedRun], Cell]
    is_number: bool = False


def index_page(folder: Path, runs: Sequence[ListedRun], problems: Sequence[str] = ()) -> str:
    """Return the page; the name of each run with a report links to it.

    Args:
        folder: of the run folders, as the commands of the page name it.
        runs: as `list_runs` returns them.
        problems: one line for each run that cannot be read.
    """
    folder, parent = Path(folder), Path(folder).resolve()
    comparisons = [path.parent.name for path in parent.glob("*/report.html") if not is_run(path.parent)]
    rows = []
    for listed in runs:
        path = listed.run.folder.relative_to(parent).as_posix()
        rows.append(
            {
                "path": path,
                "argument": shlex.quote(str(folder / path)),
                "has_report": (listed.run.folder / "report.html").exists(),
                "is_finished": bool(listed.results),
                "cells": [column.cell(listed) for column in COLUMNS],
            }
        )
    return render(
        "index.html",
        title="Runs",
        folder=parent.name,
        columns=COLUMNS,
        rows=rows,
        problems=problems,
        comparisons=sorted(comparisons),
    )


def _date(listed: ListedRun) -> Cell:
    return Cell(listed.date[:10], listed.date[11:16])


def _status(listed: ListedRun) -> Cell:
    if listed.status in (RUNNING, INTERRUPTED):
        return Cell(listed.status, f"{listed.rounds} of {listed.options.get('max_epochs', '?')} rounds")
    return Cell(listed.status, listed.results.get("stopped", ""))


def _tasks(listed: ListedRun) -> Cell:
    return Cell(listed.run.tasks)


def _aggregator(listed: ListedRun) -> Cell:
    return Cell("" if _is_centralized(listed) else listed.options.get("aggregate_method", ""))


def _clients(listed: ListedRun) -> Cell:
    options = listed.options
    if _is_centralized(listed):
        return _count(1)
    if options.get("module") == "train_hetero_fed":
        return _count(len(options["task"]) * options.get("clients_per_task", 1))
    return _count(options.get("homo_split_num"))


def _is_centralized(listed: ListedRun) -> bool:
    return listed.options.get("module") == "train_centralized"


def _engines(listed: ListedRun) -> Cell:
    test, evaluation = (listed.options.get(name, "") for name in ("test_engine", "evaluation_engine"))
    return Cell(test, evaluation if evaluation != test else "")


def _best_test(listed: ListedRun) -> Cell:
    best = listed.run.metric("best_test_acc") if listed.results else None
    if not best or best["value"] is None:
        return Cell()
    note = f"{_unbroken(interval_text(best['ci95']))} {_unbroken('n = ' + str(best['n']))}"
    return Cell(f"{best['value']:.3f}", note, best["value"])


def _gain(listed: ListedRun) -> Cell:
    found = main_comparisons(listed.results)
    if not found:
        return Cell()
    gains = ", ".join(f"{each['difference']:+.3f}" for each in found)
    interval = _unbroken(interval_text(found[0]["ci95"], "+")) if len(found) == 1 else ""
    return Cell(gains, interval, found[0]["difference"])


def _p_value(listed: ListedRun) -> Cell:
    """Return the p-value of the run's comparison, labelled if the run has no global prompt."""
    found = main_comparisons(listed.results)
    if not found:
        return Cell()
    labels = ", ".join(filter(None, map(whose, found)))
    return Cell(", ".join(f"{each['p_value']:.2g}" for each in found), labels and f"({labels})", found[0]["p_value"])


def _cost(listed: ListedRun) -> Cell:
    used = [each for each in listed.results.get("usage", {}).values() if each["calls"]]
    dollars = [each.get("dollars") for each in used]
    calls = _unbroken(f"{sum(each['calls'] for each in used):,} calls") if used else ""
    if not used or None in dollars:
        return Cell(note=calls)
    return Cell(f"${sum(dollars):.2f}", calls, sum(dollars))


def _unbroken(text: str) -> str:
    """Return a text with spaces at which a browser breaks no line."""
    return text.replace(" ", "\u00a0")


def _option(name: str) -> Callable[[ListedRun], Cell]:
    return lambda listed: _count(listed.options.get(name))


def _count(value: Any) -> Cell:
    return Cell() if value is None else Cell(str(value), rank=value)


COLUMNS = (
    Column("date", "end of the run, or its last start (UTC)", _date),
    Column("status", "running: a process holds the folder's lock; interrupted: run the command again", _status),
    Column("module", "--module", lambda listed: Cell(listed.options.get("module", "").removeprefix("train_"))),
    Column("tasks", "--task", _tasks),
    Column("aggregator", "--aggregate_method", _aggregator),
    Column("clients", "number of clients", _clients, is_number=True),
    Column("E", "--local_steps: local steps per client and round", _option("max_steps"), is_number=True),
    Column("B", "--batch_size: questions per local step", _option("batch_size"), is_number=True),
    Column("seed", "--seed", _option("seed"), is_number=True),
    Column("engines", "test engine, and evaluation engine below it if they differ", _engines),
    Column("best, test", "test accuracy of the best prompt, 95 % interval, questions", _best_test, is_number=True),
    Column("gain", "difference from the initial prompt on the same questions", _gain, is_number=True),
    Column("p", "of the paired test of best and initial prompt", _p_value, is_number=True),
    Column("cost", "in dollars, if all prices are known", _cost, is_number=True),
)
