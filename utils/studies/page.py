"""The page of a study and its files: figures, CSV and LaTeX."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.files import atomic_write, reporting_os_errors
from utils.options import command_words
from utils.report.chart import Chart, Series
from utils.report.drawing import Drawing
from utils.report.export import as_csv, latex_text
from utils.report.formats import interval_text
from utils.report.pages import render
from utils.report.tables import Table
from utils.report.write import simulated_note, write_figures
from utils.studies.declaration import Key, Published, Study
from utils.studies.findings import Cell, Finding, cells_of, findings_of
from utils.studies.measures import Measure
from utils.studies.runs import Setting

_CSV_COLUMNS = (
    "row",
    "column",
    "measure",
    "mean",
    "sd",
    "low",
    "high",
    "seeds",
    "questions",
    "published",
    "published_sd",
    "problem",
)
_MAX_NAMES_IN_A_COLUMN = 4  # named columns of a figure that fits one column of a paper


@dataclass(frozen=True)
class Grid:
    """The cells of one measure, as the figure and the table show them."""

    study: Study
    measure: Measure
    cells: Sequence[Cell]

    @property
    def rows(self) -> dict[str, list[Cell]]:
        """The cells by row."""
        return {name: [cell for cell in self.cells if cell.row == name] for name in _distinct(self.cells, "row")}

    @property
    def columns(self) -> list[str]:
        """The labels of the columns."""
        return _distinct(self.cells, "column")

    @property
    def caption(self) -> str:
        """What a cell of the table shows, with the numbers of seeds and questions."""
        measured = [cell for cell in self.cells if not cell.problem]
        seeds = sorted({cell.spread.n for cell in measured})
        questions = sorted({cell.questions for cell in measured} - {0})
        spread = f"mean ± standard deviation over {_range(seeds)} seeds" if seeds[-1:] > [1] else "one seed"
        asked = f", {_range(questions)} test questions per value" if questions else ""
        published = "; published value in parentheses" if any(cell.published for cell in self.cells) else ""
        return f"{self.measure.label[0].upper()}{self.measure.label[1:]}: {spread}{asked}{published}."


def write_page(study: Study, name: str, folder: Path, settings: Mapping[Key, Setting]) -> None:
    """Write report.html, figures/, report.csv and report.tex of a study, with the runs that are finished.

    Args:
        study: its declaration.
        name: file name of the figures.
        folder: of the files.
        settings: the run of each cell.

    Raises:
        BrokenSystem: a file cannot be written.
    """
    cells = cells_of(study, settings)
    grids = grids_of(study, cells.values())
    runs = [run for cell in cells.values() for run in cell.runs]
    charts = [chart_of(grid, name if len(grids) == 1 else f"{name}_{_slug(grid.measure.label)}") for grid in grids]
    drawings = [Drawing(chart, simulated_note(runs)) for chart in charts if chart]
    with reporting_os_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    page = render(
        "study.html",
        title=study.title,
        simulated=bool(simulated_note(runs)),
        setting=_setting(study, settings),
        problems=[f"{cell.row}, {cell.column}: {cell.problem}" for cell in cells.values() if cell.problem],
        drawings=drawings,
        tables=[{"title": "Table", "caption": grid.caption, "table": _table(grid)} for grid in grids],
        findings=_findings(findings_of(study, cells)),
        runs=_links(settings.values(), folder),
    )
    atomic_write(folder / "report.html", page)
    write_figures(folder, drawings)
    atomic_write(folder / "report.csv", as_csv([_csv_row(cell) for cell in cells.values()], _CSV_COLUMNS))
    atomic_write(folder / "report.tex", "\n".join(map(_latex_table, grids)))


def grids_of(study: Study, cells: Iterable[Cell]) -> list[Grid]:
    """Return one grid per measure; measures with the same label share one."""
    by_label: dict[str, list[Cell]] = {}
    for cell in cells:
        by_label.setdefault(cell.measure.label, []).append(cell)
    return [Grid(study, own[0].measure, own) for own in by_label.values()]


def chart_of(grid: Grid, name: str) -> Chart:
    """Return the figure of a grid: one line per row, published values as hollow marks."""
    numeric = all(column.isdecimal() for column in grid.columns)
    ordered = all(re.fullmatch(r"[\d.]+", column) for column in grid.columns)
    position = {column: int(column) if numeric else index for index, column in enumerate(grid.columns)}
    series = [
        Series(
            label,
            [_point(position[cell.column], cell) for cell in row if not cell.problem],
            joined=ordered,
            rings=[(position[cell.column], cell.published.value) for cell in row if cell.published],
        )
        for label, row in grid.rows.items()
    ]
    return Chart(
        name,
        "",  # the page has the title, and a paper its caption
        series,
        grid.study.x_label,
        1.0 if grid.measure.is_share else None,
        grid.measure.label,
        () if numeric else grid.columns,
        grid.measure.line,
        is_wide=not numeric and len(grid.columns) > _MAX_NAMES_IN_A_COLUMN,
    )


def _point(x: int, cell: Cell) -> tuple[float, ...]:
    return (x, cell.spread.mean, *(cell.spread.ci95 or ()))


def _table(grid: Grid) -> Table:
    rows = [(label, *map(_text, row)) for label, row in grid.rows.items()]
    return Table((grid.study.x_label, *grid.columns), rows)


def _text(cell: Cell) -> str:
    """Return "0.78 ± 0.02 (0.80 ± 0.01)": ours and the published value."""
    ours = cell.problem
    if not ours:
        sd = "" if cell.spread.sd is None else f" ± {_number(cell.spread.sd)}"
        interval = f" {interval_text(cell.spread.ci95)}" if cell.measure.is_share else ""
        ours = f"{_number(cell.spread.mean)}{sd}{interval}"
    return ours + _published(cell.published)


def _published(published: Published | None) -> str:
    if published is None:
        return ""
    sd = "" if published.sd is None else f" ± {published.sd:.2f}"
    return f" ({published.value:.2f}{sd})"


def _number(value: float) -> str:
    """Return two decimals, or about three digits of numbers that are not close to one."""
    if value == 0 or 0.1 <= abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _latex_table(grid: Grid) -> str:
    """Return a table for the booktabs package, without the intervals."""
    lines = [
        r"\begin{table}",
        rf"\caption{{{_latex(f'{grid.study.title}. {grid.caption}')}}}",
        rf"\begin{{tabular}}{{l{'r' * len(grid.columns)}}}",
        r"\toprule",
        rf"{' & '.join(map(_latex, (grid.study.x_label, *grid.columns)))} \\",
        r"\midrule",
    ]
    for label, row in grid.rows.items():
        lines.append(rf"{' & '.join([_latex(label), *(_latex_cell(cell) for cell in row)])} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _latex_cell(cell: Cell) -> str:
    if cell.problem:
        return f"--{_latex(_published(cell.published))}"
    sd = "" if cell.spread.sd is None else f" ± {_number(cell.spread.sd)}"
    return _latex(f"{_number(cell.spread.mean)}{sd}{_published(cell.published)}")


def _latex(text: str) -> str:
    return latex_text(text).replace("±", r"$\pm$")


def _findings(findings: Sequence[Finding]) -> Table:
    rows = [(each.claim.text, each.verdict, each.evidence, each.test or None) for each in findings]
    return Table(("claim", "our data", "difference", "test"), rows)


def _csv_row(cell: Cell) -> dict[str, Any]:
    row: dict[str, Any] = {"row": cell.row, "column": cell.column, "measure": cell.measure.label}
    if cell.published:
        row |= {"published": cell.published.value, "published_sd": cell.published.sd}
    if cell.problem:
        return row | {"problem": cell.problem}
    spread = cell.spread.as_json()
    low, high = spread["ci95"] or (None, None)
    own = {"mean": spread["mean"], "sd": spread["sd"], "low": low, "high": high}
    return row | own | {"seeds": spread["n"], "questions": cell.questions}


def _setting(study: Study, settings: Mapping[Key, Setting]) -> str:
    """Return the options that all runs share, as one line."""
    options = {**next(iter(settings.values())).options}
    shared = {name: options[name] for name in options if name not in study.varied | {"log_dir"}}
    return ", ".join(" ".join(command_words(name, value)).lstrip("-") for name, value in shared.items())


def _links(settings: Iterable[Setting], folder: Path) -> list[tuple[str, str]]:
    """Return name and relative address of each report."""
    reports = {each.name: each.folder / "report.html" for each in settings}
    return [(name, Path(os.path.relpath(path, folder)).as_posix()) for name, path in reports.items() if path.exists()]


def _distinct(cells: Iterable[Cell], attribute: str) -> list[str]:
    return list(dict.fromkeys(getattr(cell, attribute) for cell in cells))


def _range(numbers: Sequence[int]) -> str:
    """Return "3", or "1 to 3", for ascending numbers."""
    return " to ".join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")
