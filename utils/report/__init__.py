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
from utils.report.charts import PARTITION, charts, charts_of
from utils.report.compare import as_csv, as_latex, comparison, rows
from utils.report.figures import FOR_PAPERS, ON_SCREEN, draw_all, write_figures
from utils.report.runs import Run, load
from utils.report.single import single


def write(folder: Path, target: Path | None = None, figures: Sequence[str] = ON_SCREEN) -> None:
    """Write report.html, figures/ and, if there are several clients, partition.png of a finished run.

    Args:
        folder: of the run.
        target: folder of the files; the run's if None.
        figures: kinds of files in figures/: any of "svg", "png" and "pdf".
    """
    run = load(folder)
    target = target or run.folder
    drawings = draw_all(charts(run), run.results["simulated"])
    atomic_write(target / "report.html", single(run, drawings))
    write_figures(target, drawings, figures)
    for drawing in drawings:
        if drawing.name == PARTITION:
            atomic_write(target / "partition.png", drawing.file("png"))


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
    drawings = draw_all(charts_of(runs, more or rows(runs)), any(run.results["simulated"] for run in runs))
    atomic_write(folder / "report.html", comparison(runs, drawings, title, above))
    write_figures(folder, drawings, FOR_PAPERS)
    write_tables(folder, runs, more)


def write_tables(folder: Path, runs: Sequence[Run], more: Sequence[dict[str, Any]] = ()) -> None:
    """Makes report.csv and report.tex of one or more runs."""
    numbers = [*rows(runs), *more]
    atomic_write(folder / "report.csv", as_csv(numbers))
    atomic_write(folder / "report.tex", as_latex(numbers))
