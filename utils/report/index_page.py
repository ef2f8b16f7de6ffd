"""The page of all runs in a folder: one table that a click on a column header sorts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.metrics.table import LATEX, metrics_shown_in
from utils.report.formats import estimate_text
from utils.report.pages import render
from utils.report.runs import Run, is_run
from utils.run_log.comparisons import main_comparisons, whose


def index_page(folder: Path, runs: Sequence[Run]) -> str:
    """Return the page; each run's name links to its report."""
    folder = Path(folder).resolve()
    comparisons = [path.parent.name for path in folder.glob("*/report.html") if not is_run(path.parent)]
    metrics = [metric.heading or metric.label for metric in metrics_shown_in(LATEX)]
    return render(
        "index.html",
        title="Runs",
        folder=folder.name,
        text_columns=("run", "module", "tasks", "engines"),
        number_columns=("seed", *metrics, "p", "rounds", "calls"),
        rows=[(run.folder.relative_to(folder).as_posix(), _cells(run)) for run in runs],
        comparisons=sorted(comparisons),
    )


def _cells(run: Run) -> list[Any]:
    options = run.options
    return [
        options["module"].removeprefix("train_"),
        run.tasks,
        " / ".join(dict.fromkeys((options["test_engine"], options["evaluation_engine"]))),
        options["seed"],
        *(estimate_text(run.metric(metric.key)) for metric in metrics_shown_in(LATEX)),
        _p_values(run),
        len(run.results["rounds"]) - 1,
        f"{run.calls:,}",
    ]


def _p_values(run: Run) -> str | None:
    """Return the p-value of the run's comparison, labelled if the run has no global prompt; None without one."""
    found = main_comparisons(run.results)
    texts = [f"{each['p_value']:.2g}" + (f" ({whose(each)})" if whose(each) else "") for each in found]
    return ", ".join(texts) or None
