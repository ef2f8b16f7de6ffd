"""The drawings of a report, and their files in figures/."""

from collections.abc import Sequence
from pathlib import Path

from utils.files import atomic_write, reporting_os_errors
from utils.report.chart import AnyChart
from utils.report.drawing import Drawing

ON_SCREEN = ("svg", "png")
FOR_PAPERS = ("svg", "png", "pdf")


def draw_all(charts: Sequence[AnyChart], simulated: bool) -> list[Drawing]:
    """Draw the charts that have something to show, marked "SIMULATED" if their numbers are."""
    return [Drawing(chart, "SIMULATED" if simulated else "") for chart in charts if chart]


def write_figures(folder: Path, drawings: Sequence[Drawing], kinds: Sequence[str]) -> None:
    """Write figures/<name>.<kind> for each drawing and kind.

    Args:
        folder: of the run or the comparison.
        drawings: as `draw_all` returns them.
        kinds: any of "svg", "png" and "pdf".
    """
    target = folder / "figures"
    with reporting_os_errors(target):
        target.mkdir(mode=0o700, exist_ok=True)
    for drawing in drawings:
        for kind in kinds:
            atomic_write(target / f"{drawing.name}.{kind}", drawing.svg if kind == "svg" else drawing.file(kind))
