"""From a run's folder to what people read: one page of HTML, pictures, CSV, LaTeX.

python -m utils.report logs/<run>               report.html, figures/*.png, report.csv, report.tex in its folder
python -m utils.report logs/<a> logs/<b> ...    the runs side by side, with the paired test; -o names the folder
                                                also of what --repeats made: means over seeds, compared seed by seed
python -m utils.report logs/                    index.html: all runs in one table
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.files import atomic_write
from utils.report.charts import charts, charts_of
from utils.report.compare import as_csv, as_latex, comparison, rows
from utils.report.pictures import write_pictures
from utils.report.runs import Run, load
from utils.report.single import single


def write(folder: Path, target: Path | None = None) -> None:
    """Makes report.html and figures/*.png of a finished run, in its folder or another one."""
    run = load(folder)
    atomic_write((target or run.folder) / "report.html", single(run))
    write_pictures(target or run.folder, charts(run), _note([run]))


def write_comparison(
    folder: Path,
    runs: Sequence[Run],
    title: str = "Comparison of runs",
    above: str = "",
    more: Sequence[dict[str, Any]] = (),
) -> None:
    """Makes report.html, figures/*.png, report.csv and report.tex of several runs.

    Args:
        folder: where they go.
        runs: at least two.
        title: of the page.
        above: HTML before the page's tables.
        more: further rows of report.csv and report.tex.
    """
    figures = charts_of(runs, more or rows(runs))
    atomic_write(folder / "report.html", comparison(runs, figures, title, above))
    write_pictures(folder, figures, _note(runs))
    write_tables(folder, runs, more)


def write_tables(folder: Path, runs: Sequence[Run], more: Sequence[dict[str, Any]] = ()) -> None:
    """Makes report.csv and report.tex of one or more runs."""
    numbers = [*rows(runs), *more]
    atomic_write(folder / "report.csv", as_csv(numbers))
    atomic_write(folder / "report.tex", as_latex(numbers))


def _note(runs: Sequence[Run]) -> str:
    return "SIMULATED" if any(run.results["simulated"] for run in runs) else ""
