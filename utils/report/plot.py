"""Draw a chart on a matplotlib figure.

All sizes are in points. The layout follows from the length of the texts, so no text is cut off.
"""

import math
from typing import TYPE_CHECKING, Any

from utils.report.chart import COLOR_COUNT, AnyChart, Bars, Chart, Columns, Series, horizontal_offsets
from utils.report.labels import legend_layout, printable, short_number, wrap
from utils.report.theme import (
    BAR_HEIGHT,
    BOTTOM_MARGIN,
    FONT_SIZE,
    LEFT_MARGIN,
    LINE_HEIGHT,
    PALETTE,
    PLOT_HEIGHT,
    RIGHT_MARGIN,
    SOFT,
    TOP_MARGIN,
    WARNING,
    WIDTH,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_LEGEND_ENTRIES = 12  # of stacked columns
_MAX_TICKS = 12
_TICK_GAP = 6  # points between the labels of the x axis
_PUBLISHED = "published"  # the legend's name of hollow marks
_HOLLOW: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 8,
    "markerfacecolor": "none",
    "clip_on": False,
}


def draw(chart: AnyChart, note: str) -> "Figure":
    """Return the figure of a chart.

    Args:
        chart: what to draw; not empty.
        note: shown at the upper right, such as "SIMULATED".
    """
    figure = _draw_bars(chart) if isinstance(chart, Bars) else _draw_over_x(chart)
    top = 1 - 8 / (72 * figure.get_figheight())
    figure.text(RIGHT_MARGIN / WIDTH, top, chart.title, va="top", weight="bold", size=FONT_SIZE + 1)
    if note:
        figure.text(1 - RIGHT_MARGIN / WIDTH, top, note, ha="right", va="top", size=FONT_SIZE - 1, color=WARNING)
    return figure


def _new_figure(height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure((WIDTH / 72, height / 72))


def _add_axes(figure: "Figure", left: float, bottom: float, width: float, height: float) -> "Axes":
    figure_width, figure_height = (72 * inches for inches in figure.get_size_inches())
    axes = figure.add_axes((left / figure_width, bottom / figure_height, width / figure_width, height / figure_height))
    axes.patch.set_visible(False)
    axes.tick_params(length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return axes


def _draw_bars(bars: Bars) -> "Figure":
    """Draw each bar below its label; y is in points from the top."""
    labels = [wrap(printable(label), WIDTH - 2 * RIGHT_MARGIN) for label, _ in bars.rows]
    height = sum(LINE_HEIGHT * len(lines) + 2 * BAR_HEIGHT for lines in labels)
    figure = _new_figure(TOP_MARGIN + height + 4)
    axes = _add_axes(figure, RIGHT_MARGIN, 4, WIDTH - 2 * RIGHT_MARGIN, height)
    y, centers = 0, []
    for lines in labels:
        y += LINE_HEIGHT * len(lines)
        axes.text(0, y, "\n".join(lines), va="bottom", color=SOFT)
        centers.append(y + BAR_HEIGHT / 2)
        y += 2 * BAR_HEIGHT
    lengths = [max(length, bars.longest / 200) for _, length in bars.rows]
    axes.barh(centers, lengths, BAR_HEIGHT, color=[PALETTE[index % COLOR_COUNT] for index in range(len(lengths))])
    axes.set(xlim=(0, bars.longest), ylim=(y, 0), xticks=[], yticks=[])
    axes.spines["bottom"].set_visible(False)
    return figure


def _draw_over_x(chart: Chart | Columns) -> "Figure":
    """Draw series or stacked columns, with a legend below."""
    columns, labels = legend_layout([printable(name) for name in _legend_names(chart)])
    legend_rows = -(-len(labels) // columns)
    legend_height = 6 + LINE_HEIGHT * sum(max(map(len, labels[row::legend_rows])) for row in range(legend_rows))
    left = LEFT_MARGIN + (LINE_HEIGHT if chart.y_label else 0)
    plot_width = WIDTH - left - RIGHT_MARGIN
    ticks = _tick_labels(chart, plot_width)
    bottom = BOTTOM_MARGIN + LINE_HEIGHT * max(label.count("\n") for label in ticks.values()) + legend_height
    figure = _new_figure(TOP_MARGIN + PLOT_HEIGHT + bottom)
    axes = _add_axes(figure, left, bottom, plot_width, PLOT_HEIGHT)
    handles = _draw_series(axes, chart) if isinstance(chart, Chart) else _draw_columns(axes, chart)
    _format_axes(axes, chart, ticks)
    if labels:
        figure.legend(
            handles,
            ["\n".join(lines) for lines in labels],
            loc="lower left",
            bbox_to_anchor=(0, 0),
            ncols=columns,
            frameon=False,
            labelcolor=SOFT,
            labelspacing=0.25,
            handlelength=1.6,
            columnspacing=1.2,
            borderpad=0.3,
        )
    return figure


def _legend_names(chart: Chart | Columns) -> list[str]:
    if isinstance(chart, Chart):
        published = [_PUBLISHED] if any(series.published for series in chart.nonempty_series) else []
        return [*(series.name for series in chart.nonempty_series), *published]
    return [label for label, _ in chart.parts] if len(chart.parts) <= _MAX_LEGEND_ENTRIES else []


def _tick_labels(chart: Chart | Columns, plot_width: float) -> dict[float, str]:
    """Return the labels of the x axis by position."""
    if chart.tick_labels:
        low, high = _x_limits(chart)
        width = plot_width / (high - low) - _TICK_GAP
        return {float(x): "\n".join(wrap(printable(label), width)) for x, label in enumerate(chart.tick_labels)}
    return {tick: f"{tick:g}" for tick in chart.xs[:: math.ceil(len(chart.xs) / _MAX_TICKS)]}


def _format_axes(axes: "Axes", chart: Chart | Columns, x_ticks: dict[float, str]) -> None:
    axes.set_xlim(*_x_limits(chart))
    axes.set_ylim(0, chart.top * 1.02)
    y_ticks = [chart.top * quarter / 4 for quarter in range(5)]
    axes.set_yticks(y_ticks, [short_number(tick) for tick in y_ticks])
    axes.set_xticks(list(x_ticks), list(x_ticks.values()))
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(chart.y_label)
    axes.grid(axis="y", linewidth=0.8)
    axes.set_axisbelow(True)


def _x_limits(chart: Chart | Columns) -> tuple[float, float]:
    first, last = chart.xs[0], chart.xs[-1]
    if chart.tick_labels:
        return -0.5, len(chart.tick_labels) - 0.5
    margin = 0.04 * max(last - first, 1) + 0.5
    return first - margin, last + margin


def _draw_series(axes: "Axes", chart: Chart) -> list[Any]:
    """Draw lines, points and whiskers; return the legend handles."""
    handles = []
    step = min((max(chart.xs[-1] - chart.xs[0], 1) + 0.6) * 0.012, 0.25)
    offsets = horizontal_offsets(chart.nonempty_series)
    for number, (series, offset) in enumerate(zip(chart.nonempty_series, offsets, strict=True)):
        color = PALETTE[number % COLOR_COUNT]
        xs = [point[0] + offset * step for point in series.points]
        _draw_whiskers(axes, series, xs, color)
        handles += axes.plot(
            xs,
            [point[1] for point in series.points],
            linestyle="--" if series.dashed else "-" if series.joined else "none",
            linewidth=1.8,
            color=color,
            marker="o" if series.has_markers else "",
            markersize=5 if series.joined else 4,
            markeredgewidth=0,
            clip_on=False,
        )
        if series.published:
            axes.plot(*zip(*series.published, strict=True), **_HOLLOW, markeredgecolor=color)
    if any(series.published for series in chart.nonempty_series):
        handles += axes.plot([], [], **_HOLLOW, markeredgecolor=SOFT)
    return handles


def _draw_whiskers(axes: "Axes", series: Series, xs: list[float], color: str) -> None:
    """Draw all intervals as one path, broken by nan: faster for 1,000 clients than one path per interval."""
    intervals = [(x, *point[2:]) for x, point in zip(xs, series.points, strict=True) if len(point) == 4]
    if intervals:
        path = [(x, end) for x, low, high in intervals for end in (low, high, math.nan)]
        linewidth = min(1.5, 400 / len(intervals))
        axes.plot(*zip(*path, strict=True), color=color, alpha=0.5, linewidth=linewidth, clip_on=False)


def _draw_columns(axes: "Axes", chart: Columns) -> list[Any]:
    """Draw stacked columns as one path per part: one path per column takes seconds for 1,000 clients."""
    from matplotlib.patches import Patch

    bottoms = [0] * len(chart.xs)
    low, high = _x_limits(chart)
    width = 0.8 * (WIDTH - LEFT_MARGIN - RIGHT_MARGIN) / (high - low)
    handles = []
    for number, (_, heights) in enumerate(chart.parts):
        color = (PALETTE[number % COLOR_COUNT], 1.0 if number < COLOR_COUNT else 0.5)  # repeated colors are paler
        path = [
            (x, y)
            for x, bottom, height in zip(chart.xs, bottoms, heights, strict=True)
            for y in (bottom, bottom + height, math.nan)
            if height
        ]
        if path:
            axes.plot(*zip(*path, strict=True), linewidth=width, solid_capstyle="butt", color=color)
        handles.append(Patch(color=color))
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    return handles
