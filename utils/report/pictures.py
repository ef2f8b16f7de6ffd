"""Figures as PNG, for slides and papers: what the page shows, drawn by matplotlib."""

import functools
import math
from collections.abc import Sequence
from pathlib import Path

from utils.files import reporting_os_errors
from utils.report.chart import Bars, Chart, dodge
from utils.report.png import write_png

_COLOURS = ("#2563c9", "#d9622b", "#21875a", "#8a4bc2", "#b08900", "#5d6878", "#0a8f9c", "#c2407f")
_SIZE, _DPI = (6.0, 4.2), 120  # inches; dots an inch
_AXES = (0.1, 0.26, 0.87, 0.66)  # fixed, the legend below: a layout that is found out draws everything twice


def write_pictures(folder: Path, charts: Sequence[Chart | Bars], note: str = "") -> None:
    """Writes figures/<name>.png for every chart that has something to show.

    Args:
        folder: of the run or the comparison.
        charts: what to draw.
        note: put on every picture, such as "SIMULATED".
    """
    target = folder / "figures"
    with reporting_os_errors(target):
        target.mkdir(mode=0o700, exist_ok=True)
    for chart in filter(None, charts):
        long = isinstance(chart, Bars) and len(chart.rows) > 6
        size = (_SIZE[0], _SIZE[1] * len(chart.rows) / 6) if long else _SIZE
        write_png(target / f"{chart.name}.png", (chart, note), functools.partial(_draw, chart, note), size, _DPI)


def _draw(chart: Chart | Bars, note: str, figure) -> None:
    axes = figure.add_axes(_AXES)
    (_bars if isinstance(chart, Bars) else _chart)(axes, chart)
    axes.set_title(chart.title, fontsize="medium")
    if note:
        figure.text(0.995, 0.985, note, fontsize="x-small", color="firebrick", ha="right", va="top")


def _chart(axes, chart: Chart) -> None:
    xs = chart.xs
    step = (max(xs[-1] - xs[0], 1) + 0.6) * 0.012
    for number, (each, aside) in enumerate(zip(chart.shown, dodge(chart.shown), strict=True)):
        columns = list(zip(*(point[:2] for point in each.points), strict=True))
        moved = [x + aside * step for x in columns[0]]
        colour = _COLOURS[number % len(_COLOURS)]
        spread = [(x, *point[2:]) for x, point in zip(moved, each.points, strict=True) if len(point) == 4]
        if spread:
            axes.vlines(*zip(*spread, strict=True), color=colour, alpha=0.5)
        axes.plot(
            moved,
            columns[1],
            linestyle="--" if each.dashed else "-" if each.joined else "none",
            color=colour,
            marker="" if each.dashed and len(moved) > 1 else "o",
            markersize=4 if each.joined else 3,
            label=_short(each.name),
        )
    axes.set(xlabel=chart.x_label, ylim=(0, chart.top * 1.02), xticks=xs[:: math.ceil(len(xs) / 12)])
    axes.grid(alpha=0.3)
    axes.figure.legend(fontsize="x-small", loc="lower center", ncols=2, frameon=False)


def _bars(axes, bars: Bars) -> None:
    places = range(len(bars.rows))
    colours = [_COLOURS[place % len(_COLOURS)] for place in places]
    axes.barh(places, [length for _, length in bars.rows], height=0.35, color=colours)
    for place, (told, _) in zip(places, bars.rows, strict=True):
        axes.text(0, place - 0.24, _plain(told), fontsize="small")
    axes.set(ylim=(len(bars.rows) - 0.5, -0.7), yticks=[])
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _short(name: str, most: int = 48) -> str:
    """A name for a legend. A leading "_" would hide it from matplotlib's."""
    name = _plain(name).lstrip("_")
    return name if len(name) <= most else name[: most - 1] + "…"


def _plain(text: str) -> str:
    """Text in which a "$" begins no formula."""
    return text.replace("$", r"\$")
