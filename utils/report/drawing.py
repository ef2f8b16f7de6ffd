"""Draw charts with matplotlib, each once: the same drawing is shown in a page and saved as SVG, PDF and PNG.

All sizes are in points, so that a layout follows from the text in it and nothing is cut off. The bytes of every file
depend on the chart alone.
"""

import html
import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from utils.report.chart import COLORS, AnyChart, Bars, Chart, Columns, Series, dodge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PALETTE = ("#2563c9", "#d9622b", "#21875a", "#8a4bc2", "#b08900", "#5d6878", "#0a8f9c", "#c2407f")
_INK, _SOFT, _RULE, _CARD, _WARNING = "#1b2330", "#5d6879", "#dfe3e9", "#fffffe", "#9c2118"
# In a page the colours become CSS variables, which follow the light or dark scheme.
_VARIABLES = {color: f"var(--c{number})" for number, color in enumerate(_PALETTE)} | {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _RULE: "var(--rule)",
    _CARD: "var(--card)",
    _WARNING: "var(--removed)",
}

_WIDTH, _PLOT_HEIGHT, _BAR_HEIGHT = 432, 190, 14
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 34, 36  # margins; ticks and their label are at the bottom
_FONT, _LINE = 11, 16  # sizes of text and of a line of text
_LEGEND_KEY = 36  # width of a legend entry's symbol with its margins
_MOST_IN_LEGEND = 12
_DPI = 150  # of PNG files
_NO_DATES: dict[str, dict[str, None]] = {
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
    "png": {"Software": None},
}


class Drawing:
    """A drawn chart.

    Args:
        chart: what to draw; not empty.
        note: shown at the upper right, such as "SIMULATED".
    """

    def __init__(self, chart: AnyChart, note: str = ""):
        self.name, self.title = chart.name, chart.title
        self._chart = chart
        with _style(self.name):
            self.figure = _draw(chart, note)
        self.svg = self.file("svg").decode()

    def file(self, kind: str) -> bytes:
        """Return the content of a file.

        Args:
            kind: "svg", "pdf" or "png".
        """
        buffer = io.BytesIO()
        with _style(self.name):
            self.figure.savefig(buffer, format=kind, dpi=_DPI if kind == "png" else 72, metadata=_NO_DATES[kind])
        return buffer.getvalue()

    def inline(self) -> str:
        """Return an <svg> element for a page: with the page's colours and fonts, and a tooltip at each point."""
        box = re.search(r'viewBox="[^"]*"', self.svg)
        body = self.svg[self.svg.index("<g ") : self.svg.rindex("</svg>")]
        body = re.sub(r"<defs>\s*<clipPath.*?</defs>\s*", "", body, flags=re.DOTALL)
        body = re.sub(r""" (clip-path="[^"]*"|id="(?!m[0-9a-f]{10}")[^"]*"|transform="rotate\(-0 [^"]*")""", "", body)
        body = re.sub(r' ?font-family: [^;"]*;?', "", body)
        body = re.sub(r"(\.\d\d)\d+", r"\1", body)  # hundredths of a point
        body = re.sub(r"#[0-9a-f]{6}\b", lambda found: _VARIABLES.get(found[0], found[0]), body)
        tooltips = iter(_tooltips(self._chart))
        body = re.sub(r"(<use [^>]*)/>", lambda found: _with_tooltip(found, next(tooltips, "")), body)
        body = re.sub(r"\n\s*", " ", body)
        return f'<svg {box[0] if box else ""} role="img" aria-label="{html.escape(self.title)}">{body}</svg>'


@contextmanager
def _style(salt: str) -> Iterator[None]:
    """Set matplotlib's options; imports matplotlib, which takes a third of a second."""
    import matplotlib

    options: dict[Any, Any] = {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": salt,
        "pdf.fonttype": 42,  # many publishers refuse Type 3 fonts
        "text.parse_math": False,  # names may hold "$"
        "font.size": _FONT,
        "text.color": _INK,
        "figure.facecolor": _CARD,
        "savefig.facecolor": _CARD,
        "axes.edgecolor": _RULE,
        "axes.labelcolor": _SOFT,
        "xtick.labelcolor": _SOFT,
        "ytick.labelcolor": _SOFT,
        "grid.color": _RULE,
    }
    with matplotlib.rc_context(options), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*missing from font")  # a name in a script that the font lacks
        yield


def _draw(chart: AnyChart, note: str) -> "Figure":
    from matplotlib.figure import Figure

    if isinstance(chart, Bars):
        labels = [_wrap(_printable(label), _WIDTH - 2 * _RIGHT) for label, _ in chart.rows]
        height = sum(_LINE * len(lines) + 2 * _BAR_HEIGHT for lines in labels)
        figure = Figure((_WIDTH / 72, (_TOP + height + 4) / 72))
        axes = _axes(figure, _RIGHT, 4, _WIDTH - 2 * _RIGHT, height)
        _draw_bars(axes, chart, labels)
    else:
        names = (
            [series.name for series in chart.shown] if isinstance(chart, Chart) else [part for part, _ in chart.parts]
        )
        names = names if isinstance(chart, Chart) or len(names) <= _MOST_IN_LEGEND else []
        columns, labels = _legend_layout([_printable(name) for name in names])
        legend_height = 6 + _LINE * sum(
            max(map(len, labels[row :: -(-len(labels) // columns)])) for row in range(-(-len(labels) // columns))
        )
        figure = Figure((_WIDTH / 72, (_TOP + _PLOT_HEIGHT + _BOTTOM + legend_height) / 72))
        axes = _axes(figure, _LEFT, _BOTTOM + legend_height, _WIDTH - _LEFT - _RIGHT, _PLOT_HEIGHT)
        handles = _draw_series(axes, chart) if isinstance(chart, Chart) else _draw_columns(axes, chart)
        _finish_axes(axes, chart)
        if labels:
            figure.legend(
                handles,
                ["\n".join(lines) for lines in labels],
                loc="lower left",
                bbox_to_anchor=(0, 0),
                ncols=columns,
                frameon=False,
                labelcolor=_SOFT,
                labelspacing=0.25,
                handlelength=1.6,
                columnspacing=1.2,
                borderpad=0.3,
            )
    top = 1 - 8 / (72 * figure.get_figheight())
    figure.text(_RIGHT / _WIDTH, top, chart.title, va="top", weight="bold", size=_FONT + 1)
    if note:
        figure.text(1 - _RIGHT / _WIDTH, top, note, ha="right", va="top", size=_FONT - 1, color=_WARNING)
    return figure


def _axes(figure: "Figure", left: float, bottom: float, width: float, height: float) -> "Axes":
    across, up = (72 * inches for inches in figure.get_size_inches())
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.patch.set_visible(False)
    axes.tick_params(length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return axes


def _finish_axes(axes: "Axes", chart: Chart | Columns) -> None:
    xs, top = chart.xs, chart.top
    axes.set_xlim(*_x_limits(chart))
    axes.set_ylim(0, top * 1.02)
    ticks = [top * part / 4 for part in range(5)]
    axes.set_yticks(ticks, [_number(tick) for tick in ticks])
    ticks = xs[:: math.ceil(len(xs) / 12)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel(chart.x_label)
    axes.grid(axis="y", linewidth=0.8)
    axes.set_axisbelow(True)


def _x_limits(chart: Chart | Columns) -> tuple[float, float]:
    first, last = chart.xs[0], chart.xs[-1]
    margin = 0.04 * max(last - first, 1) + 0.5
    return first - margin, last + margin


def _draw_series(axes: "Axes", chart: Chart) -> list[Any]:
    """Draw lines, points and whiskers; return what the legend shows."""
    handles = []
    step = min((max(chart.xs[-1] - chart.xs[0], 1) + 0.6) * 0.012, 0.25)
    for number, (series, aside) in enumerate(zip(chart.shown, dodge(chart.shown), strict=True)):
        color = _PALETTE[number % COLORS]
        xs = [point[0] + aside * step for point in series.points]
        # One path for all whiskers, broken by nan: with 1,000 clients quicker than one path for each.
        wide = [(x, *point[2:]) for x, point in zip(xs, series.points, strict=True) if len(point) == 4]
        if wide:
            whiskers = [(x, end) for x, low, high in wide for end in (low, high, math.nan)]
            axes.plot(
                *zip(*whiskers, strict=True), color=color, alpha=0.5, linewidth=min(1.5, 400 / len(wide)), clip_on=False
            )
        handles += axes.plot(
            xs,
            [point[1] for point in series.points],
            linestyle="--" if series.dashed else "-" if series.joined else "none",
            linewidth=1.8,
            color=color,
            marker="" if _is_bare(series) else "o",
            markersize=5 if series.joined else 4,
            markeredgewidth=0,
            clip_on=False,
        )
    return handles


def _draw_columns(axes: "Axes", chart: Columns) -> list[Any]:
    """Draw stacked columns; one path per part, because one per column takes seconds for 1,000 clients."""
    from matplotlib.patches import Patch

    bottoms = [0] * len(chart.xs)
    low, high = _x_limits(chart)
    width = 0.8 * (_WIDTH - _LEFT - _RIGHT) / (high - low)
    handles = []
    for number, (_, heights) in enumerate(chart.parts):
        color = (_PALETTE[number % COLORS], 1.0 if number < COLORS else 0.5)  # so that colors do not repeat at once
        columns = [
            (x, y)
            for x, bottom, height in zip(chart.xs, bottoms, heights, strict=True)
            for y in (bottom, bottom + height, math.nan)
            if height
        ]
        if columns:
            axes.plot(*zip(*columns, strict=True), linewidth=width, solid_capstyle="butt", color=color)
        handles.append(Patch(color=color))
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    return handles


def _draw_bars(axes: "Axes", bars: Bars, labels: list[list[str]]) -> None:
    """Draw bars below their labels; y is in points from the top."""
    y, places = 0, []
    for lines in labels:
        y += _LINE * len(lines)
        axes.text(0, y, "\n".join(lines), va="bottom", color=_SOFT)
        places.append(y + _BAR_HEIGHT / 2)
        y += 2 * _BAR_HEIGHT
    lengths = [max(length, bars.longest / 200) for _, length in bars.rows]
    axes.barh(places, lengths, _BAR_HEIGHT, color=[_PALETTE[place % COLORS] for place in range(len(lengths))])
    axes.set(xlim=(0, bars.longest), ylim=(y, 0), xticks=[], yticks=[])
    axes.spines["bottom"].set_visible(False)


def _is_bare(series: Series) -> bool:
    """Whether a series is a line without markers."""
    return series.dashed and len(series.points) > 1


def _legend_layout(names: list[str]) -> tuple[int, list[list[str]]]:
    """Return the number of columns, and each name as lines that fit into one."""
    half = _WIDTH / 2 - _LEGEND_KEY
    columns = 2 if len(names) > 1 and all(_text_width(name) <= half for name in names) else 1
    return columns, [_wrap(name, half if columns == 2 else _WIDTH - _LEGEND_KEY) for name in names]


def _wrap(text: str, width: float) -> list[str]:
    """Split a text into lines that are at most `width` points wide."""
    most = len(text)
    lines = [text]
    while most > 1 and (widest := max(map(_text_width, lines))) > width:
        most = max(1, min(most - 1, int(max(map(len, lines)) * width / widest)))
        lines = textwrap.wrap(text, most) or [text]
    return lines


def _printable(text: str) -> str:
    """Return a text without control characters and surrogates, which no SVG file may hold."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _text_width(text: str) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return text_to_path.get_text_width_height_descent(text, FontProperties(size=_FONT), ismath=False)[0]


def _number(value: float) -> str:
    """Return a number in at most eight characters."""
    return f"{value:,.0f}" if 100 <= abs(value) < 100_000 else f"{value:.3g}"


def _tooltips(chart: AnyChart) -> list[str]:
    """Return a text for each marker, in the order in which they are drawn."""
    return [
        f"{_printable(series.name)}: {_number(point[1])} at {point[0]:g}"
        + (f" [{_number(point[2])}, {_number(point[3])}]" if len(point) == 4 else "")
        for series in (chart.shown if isinstance(chart, Chart) else ())
        if not _is_bare(series)
        for point in series.points
    ]


def _with_tooltip(marker: re.Match[str], text: str) -> str:
    return f"{marker[1]}><title>{html.escape(text)}</title></use>" if text else marker[0]
