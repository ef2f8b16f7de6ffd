"""Write the files of a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from utils.files import atomic_write, reporting_os_errors, to_json
from utils.report import groups
from utils.report.browser.page import write_browser
from utils.report.charts import comparison_charts, run_charts
from utils.report.comparison import comparison_page
from utils.report.drawing import Drawing
from utils.report.export import as_csv, as_latex, metric_rows
from utils.report.groups import Group
from utils.report.index_page import index_page
from utils.report.run_list import ListedRun
from utils.report.run_page import run_page
from utils.report.runs import Run, load_run
from utils.report.seed_charts import seed_charts
from utils.report.tables import TitledTable

SCREEN_FORMATS = ("svg",)  # written when a run ends
PAPER_FORMATS = ("svg", "png", "pdf")
_COMPARISON = "Comparison of runs"


def write(folder: Path, target: Path | None = None, figures: Sequence[str] = SCREEN_FORMATS) -> None:
    """Write report.html, figures/ and, if the run is not too large, calls.html of a finished run.

    Args:
        folder: of the run.
        target: folder of the files; the run's if None.
        figures: file formats in figures/: any of "svg", "png" and "pdf".

    Raises:
        UsageError: the folder holds no finished run.
        BrokenSystem: a file cannot be written.
    """
    write_figures(target or folder, write_page(folder, target=target), figures)


def write_page(folder: Path, results: dict[str, Any] | None = None, target: Path | None = None) -> list[Drawing]:
    """Write report.html and, if the run is not too large, calls.html; return the drawings of the page.

    Args:
        folder: of the run.
        results: of a run that has not ended.
        target: folder of the files; the run's if None.
    """
    run = load_run(folder, results=results)
    target = target or run.folder
    drawings = [Drawing(chart, simulated_note([run])) for chart in run_charts(run) if chart]
    browsable = write_browser(run.folder, target)
    atomic_write(target / "report.html", run_page(run, drawings, browsable))
    return drawings


def comparison_of(folders: Sequence[Path]) -> str:
    """Return the page that compares runs, or folders of --repeats.

    Raises:
        UsageError: there are fewer than two, or one holds no finished run.
    """
    if len(folders) < 2:
        raise UsageError("choose at least two runs to compare")
    runs, several_seeds = groups.load_several(folders)
    drawings = _comparison_drawings(runs, several_seeds, groups.group_rows(several_seeds))
    return comparison_page(runs, drawings, _COMPARISON, _seeds_table(several_seeds), several_seeds)


def write_comparison(folder: Path, runs: Sequence[Run], several_seeds: Sequence[Group] = ()) -> None:
    """Write report.html, figures/, report.csv and report.tex of several runs.

    Args:
        folder: of the files.
        runs: at least two.
        several_seeds: groups among the runs, compared by their means over seeds.
    """
    _write_comparison(folder, runs, _COMPARISON, _seeds_table(several_seeds), several_seeds)


def write_seeds(folder: Path, runs: Sequence[Run]) -> str:
    """Write repeats.json and the report of one setting that was run with several seeds.

    Returns:
        A table for the terminal.
    """
    spread = groups.spread(runs)
    atomic_write(folder / "repeats.json", to_json(spread, indent=2) + "\n")
    group = Group(folder.name, list(runs), spread["metrics"])
    _write_comparison(folder, runs, folder.name, groups.spread_table(spread), [group])
    return groups.spread_text(spread)


def write_tables(folder: Path, runs: Sequence[Run], extra_rows: Sequence[dict[str, Any]] = ()) -> None:
    """Write report.csv and report.tex of one or more runs.

    Args:
        folder: of the files.
        runs: their metrics become rows.
        extra_rows: further rows.
    """
    numbers = [*metric_rows(runs), *extra_rows]
    atomic_write(folder / "report.csv", as_csv(numbers))
    atomic_write(folder / "report.tex", as_latex(numbers))


def write_index(folder: Path, runs: Sequence[ListedRun], problems: Sequence[str] = ()) -> None:
    """Write index.html, a table of all runs in a folder, and missing reports of finished runs.

    Args:
        folder: of the run folders.
        runs, problems: as `list_runs` returns them.
    """
    for listed in runs:
        if listed.results and not (listed.run.folder / "report.html").exists():
            write(listed.run.folder)
    atomic_write(folder / "index.html", index_page(folder, runs, problems))


def _write_comparison(
    folder: Path, runs: Sequence[Run], title: str, seeds: TitledTable | None, several_seeds: Sequence[Group]
) -> None:
    means = groups.group_rows(several_seeds)
    drawings = _comparison_drawings(runs, several_seeds, means)
    atomic_write(folder / "report.html", comparison_page(runs, drawings, title, seeds, several_seeds))
    write_figures(folder, drawings)
    write_tables(folder, runs, means)


def _seeds_table(several_seeds: Sequence[Group]) -> TitledTable | None:
    return groups.comparison_table(several_seeds) if several_seeds else None


def _comparison_drawings(
    runs: Sequence[Run], several_seeds: Sequence[Group], means: Sequence[dict[str, Any]]
) -> list[Drawing]:
    grouped = groups.folders_of(several_seeds)
    if len(several_seeds) == 1 and len(grouped) == len(runs):  # nothing but the seeds of one setting
        compared = metric_rows(runs)
    else:
        compared = [*metric_rows([run for run in runs if run.folder not in grouped]), *means]
    charts = [*seed_charts(several_seeds), *comparison_charts(runs, compared)]
    return [Drawing(chart, simulated_note(runs)) for chart in charts if chart]


def write_figures(folder: Path, drawings: Sequence[Drawing], formats: Sequence[str] = PAPER_FORMATS) -> None:
    """Write drawings into figures/ in a folder.

    Args:
        folder: of the report.
        drawings: to write.
        formats: any of "svg", "png" and "pdf".
    """
    target = folder / "figures"
    with reporting_os_errors(target):
        target.mkdir(mode=0o700, exist_ok=True)
    for drawing in drawings:
        for name in formats:
            atomic_write(target / f"{drawing.name}.{name}", drawing.svg if name == "svg" else drawing.file(name))


def simulated_note(runs: Sequence[Run]) -> str:
    """Return the note on the figures of simulated runs, "" for other runs."""
    return "SIMULATED" if any(run.results["simulated"] for run in runs) else ""
