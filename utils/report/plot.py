"""Draw a chart on a matplotlib figure.

All sizes are in points. The layout follows from the length of the texts, so no text is cut off.
"""

import itertools
import math
from typing import TYPE_CHECKING, Any

from utils.report.chart import AnyChart, Bars, Chart, Columns, Series, horizontal_offsets
from utils.report.labels import legend_layout, printable, short_number, text_width, wrap
from utils.report.theme import (
    BAR_HEIGHT,
    COLUMN_WIDTH,
    LINE_HEIGHT,
    MARGIN,
    MARKERS,
    PALETTE,
    PLOT_HEIGHT,
    SOFT,
    TEXT_WIDTH,
    TITLE_SIZE,
    WARNING,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_TICKS = 12
_LABEL_PADDING = 8  # between an axis, its tick labels and its label
_TICK_GAP = 3  # between the tick labels of the x axis
_WHISKER_GAP = 6  # between whiskers at the same x
_RING: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 6,
    "markerfacecolor": "none",
    "markeredgewidth": 0.8,
    "clip_on": False,
}


def draw(chart: AnyChart, note: str) -> "Figure":
    """Return the figure of a chart.

    Args:
        chart: what to draw; not empty.
        note: shown at the upper right, such as "SIMULATED".
    """
    width = TEXT_WIDTH if isinstance(chart, Chart) and chart.is_wide else COLUMN_WIDTH
    title_width = width - 4 * MARGIN - (text_width(note) if note else 0)
    title = wrap(printable(chart.title), title_width, size=TITLE_SIZE, weight="bold") if chart.title else []
    header = 3 * MARGIN + LINE_HEIGHT * max(len(title), bool(note))
    figure = _draw_bars(chart, width, header) if isinstance(chart, Bars) else _draw_over_x(chart, width, header)
    top = 1 - MARGIN / _height(figure)
    figure.text(MARGIN / width, top, "\n".join(title), va="top", weight="bold", size=TITLE_SIZE)
    figure.text(1 - MARGIN / width, top, note, ha="right", va="top", color=WARNING)
    return figure


def _height(figure: "Figure") -> float:
    return 72 * figure.get_figheight()


def _new_figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure((width / 72, height / 72))


def _add_axes(figure: "Figure", left: float, bottom: float, width: float, height: float) -> "Axes":
    figure_width, figure_height = 72 * figure.get_figwidth(), _height(figure)
    axes = figure.add_axes((left / figure_width, bottom / figure_height, width / figure_width, height / figure_height))
    axes.patch.set_visible(False)
    axes.tick_params(length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.set_axisbelow(True)
    return axes


def _draw_bars(bars: Bars, width: float, header: float) -> "Figure":
    """Draw each bar below its label; y is in points from the top."""
    plot_width = width - 4 * MARGIN
    labels = [wrap(printable(row[0]), plot_width) for row in bars.rows]
    height = sum(LINE_HEIGHT * len(lines) + 2 * BAR_HEIGHT for lines in labels)
    bottom = _LABEL_PADDING + 2 * LINE_HEIGHT + MARGIN
    figure = _new_figure(width, header + height + bottom)
    axes = _add_axes(figure, 2 * MARGIN, bottom, plot_width, height)
    y, centers = 0, []
    for lines in labels:
        y += LINE_HEIGHT * len(lines)
        axes.text(0, y - 1, "\n".join(lines), va="bottom", color=SOFT)
        centers.append(y + BAR_HEIGHT / 2)
        y += 2 * BAR_HEIGHT
    axes.barh(centers, [row[1] for row in bars.rows], BAR_HEIGHT, color=PALETTE[0])
    for center, row in zip(centers, bars.rows, strict=True):
        axes.plot(row[2:], [center] * len(row[2:]), color=SOFT)
    ticks = _quarters(bars.end)
    axes.set(xlim=(0, bars.end), ylim=(y, 0), xlabel=bars.x_label, yticks=[])
    axes.set_xticks(ticks, [short_number(tick) for tick in ticks])
    first, *_, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")  # within the figure
    last.set_horizontalalignment("right")
    return figure


def _draw_over_x(chart: Chart | Columns, width: float, header: float) -> "Figure":
    """Draw series or stacked columns, with a legend below."""
    columns, names = legend_layout([printable(name) for name in _legend_names(chart)], width - 2 * MARGIN)
    legend_lines = -(-len(names) // columns) if columns > 1 else sum(map(len, names))
    legend_height = LINE_HEIGHT * legend_lines + MARGIN
    y_label = wrap(chart.y_label, PLOT_HEIGHT)
    y_ticks = {tick: short_number(tick) for tick in _quarters(chart.top)}
    left = MARGIN + LINE_HEIGHT * len(y_label) + _LABEL_PADDING + max(map(text_width, y_ticks.values()))
    plot_width = width - left - 2 * MARGIN
    x_label = wrap(chart.x_label, plot_width)
    x_ticks = _tick_labels(chart, plot_width)
    x_lines = max(label.count("\n") + 1 for label in x_ticks.values()) + len(x_label)
    bottom = legend_height + LINE_HEIGHT * x_lines + _LABEL_PADDING
    figure = _new_figure(width, header + PLOT_HEIGHT + bottom)
    axes = _add_axes(figure, left, bottom, plot_width, PLOT_HEIGHT)
    axes.set(xlim=_x_limits(chart), ylim=(0, chart.top * 1.02), xlabel="\n".join(x_label), ylabel="\n".join(y_label))
    axes.set_xticks(list(x_ticks), list(x_ticks.values()))
    axes.set_yticks(list(y_ticks), list(y_ticks.values()))
    axes.grid(axis="y")
    handles = (
        _draw_series(axes, chart, plot_width) if isinstance(chart, Chart) else _draw_columns(axes, chart, plot_width)
    )
    figure.legend(
        handles,
        ["\n".join(lines) for lines in names],
        loc="lower left",
        bbox_to_anchor=(0, 0),
        ncols=columns,
        frameon=False,
        labelcolor=SOFT,
        labelspacing=0.25,
        handlelength=2,
        columnspacing=1,
        borderpad=0.4,
    )
    return figure


def _quarters(top: float) -> list[float]:
    return [top * quarter / 4 for quarter in range(5)]


def _legend_names(chart: Chart | Columns) -> list[str]:
    """Return the names in the order of the handles."""
    if isinstance(chart, Columns):
        return [label for label, _ in chart.parts]
    names = [series.name for series in chart.shown_series]
    names += [chart.reference[0]] if chart.reference else []
    names += [chart.ring] if any(series.rings for series in chart.shown_series) else []
    return names + ([f"{chart.hidden_count} more series not shown"] if chart.hidden_count else [])


def _tick_labels(chart: Chart | Columns, plot_width: float) -> dict[float, str]:
    """Return the labels of the x axis by position."""
    if isinstance(chart, Chart) and chart.tick_labels:
        low, high = _x_limits(chart)
        width = plot_width / (high - low) - _TICK_GAP
        return {float(x): "\n".join(wrap(printable(label), width)) for x, label in enumerate(chart.tick_labels)}
    return {tick: f"{tick:g}" for tick in chart.xs[:: math.ceil(len(chart.xs) / _MAX_TICKS)]}


def _x_limits(chart: Chart | Columns) -> tuple[float, float]:
    first, last = chart.xs[0], chart.xs[-1]
    if isinstance(chart, Chart) and chart.tick_labels:
        return first - 0.5, last + 0.5
    margin = 0.04 * max(last - first, 1) + 0.5
    return first - margin, last + margin


def _draw_series(axes: "Axes", chart: Chart, plot_width: float) -> list[Any]:
    """Draw lines, points, whiskers and hollow marks; return the legend handles."""
    low, high = axes.get_xlim()
    offsets = horizontal_offsets(chart.shown_series)
    nearest = min((right - left for left, right in itertools.pairwise(chart.xs)), default=1)
    reach = min(0.35 * nearest, chart.xs[0] - low)  # of the outermost series
    step = min(_WHISKER_GAP * (high - low) / plot_width, reach / max(0.5, *offsets))
    handles = []
    for offset, series, color, marker in zip(offsets, chart.shown_series, PALETTE, MARKERS, strict=False):
        xs = [point[0] + offset * step for point in series.points]
        _draw_whiskers(axes, series, xs, color)
        handles += axes.plot(
            xs,
            [point[1] for point in series.points],
            linestyle="-" if series.joined else "none",
            color=color,
            marker=marker,
            clip_on=False,
        )
        if series.rings:
            rings = [(x + offset * step, y) for x, y in series.rings]
            axes.plot(*zip(*rings, strict=True), **_RING, markeredgecolor=color)
    if chart.reference:
        handles.append(axes.axhline(chart.reference[1], color=SOFT, linestyle="--", zorder=1.9))
    if any(series.rings for series in chart.shown_series):
        handles += axes.plot([], [], **_RING, markeredgecolor=SOFT)
    return handles + (axes.plot([], [], linestyle="none") if chart.hidden_count else [])


def _draw_whiskers(axes: "Axes", series: Series, xs: list[float], color: str) -> None:
    """Draw all intervals as one path, broken by nan: faster for 1,000 points than one path per interval."""
    intervals = [(x, *point[2:]) for x, point in zip(xs, series.points, strict=True) if len(point) == 4]
    if intervals:
        path = [(x, end) for x, low, high in intervals for end in (low, high, math.nan)]
        axes.plot(
            *zip(*path, strict=True), color=color, alpha=0.6, linewidth=min(1, 200 / len(intervals)), clip_on=False
        )


def _draw_columns(axes: "Axes", chart: Columns, plot_width: float) -> list[Any]:
    """Draw stacked columns as one path per part: one path per column takes seconds for 1,000 clients."""
    from matplotlib.patches import Patch

    bottoms = [0] * len(chart.xs)
    low, high = axes.get_xlim()
    handles = []
    for (_, heights), color in zip(chart.parts, PALETTE, strict=False):
        path = [
            (x, y)
            for x, bottom, height in zip(chart.xs, bottoms, heights, strict=True)
            for y in (bottom, bottom + height, math.nan)
            if height
        ]
        if path:
            axes.plot(
                *zip(*path, strict=True), linewidth=0.8 * plot_width / (high - low), solid_capstyle="butt", color=color
            )
        handles.append(Patch(color=color))
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    return handles
