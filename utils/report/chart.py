"""Charts as data; `plot` draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOR_COUNT = 8  # the ninth series or bar has the first color again


@dataclass(frozen=True)
class Series:
    """One line or scatter of points.

    Attributes:
        name: shown in the legend.
        points: (x, y) or (x, y, low, high) with an interval; x is an integer.
        joined: draw a line through the points.
        dashed: draw the line dashed, without markers.
        published: (x, y) of values from a paper, drawn as hollow marks.
    """

    name: str
    points: Sequence[tuple[float, ...]]
    joined: bool = True
    dashed: bool = False
    published: Sequence[tuple[float, float]] = ()

    @property
    def has_markers(self) -> bool:
        """False for a dashed line of several points."""
        return not self.dashed or len(self.points) == 1


@dataclass(frozen=True)
class Chart:
    """Values over rounds or clients.

    Attributes:
        name: file name without its extension.
        title: shown above the chart.
        series: lines and scatters; those without points are not drawn.
        x_label: such as "round" or "client".
        limit: upper end of the y axis, such as 1.0 for accuracies; None rounds the highest value up.
        y_label: beside the y axis, "" for none.
        tick_labels: names of x = 0, 1, ...; numbers are shown if empty.
    """

    name: str
    title: str
    series: Sequence[Series]
    x_label: str = "round"
    limit: float | None = None
    y_label: str = ""
    tick_labels: Sequence[str] = ()

    @property
    def nonempty_series(self) -> list[Series]:
        """The series with at least one point or published value."""
        return [series for series in self.series if series.points or series.published]

    @property
    def _points(self) -> list[tuple[float, ...]]:
        return [point for series in self.nonempty_series for point in (*series.points, *series.published)]

    @property
    def xs(self) -> list[float]:
        """Distinct x values of all points, ascending."""
        return sorted({point[0] for point in self._points})

    @property
    def top(self) -> float:
        """The upper end of the y axis."""
        return self.limit or round_up(max(max(point[1:]) for point in self._points))

    def __bool__(self) -> bool:
        return bool(self.nonempty_series)


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, each below its label.

    Attributes:
        name: file name without its extension.
        title: shown above the chart.
        rows: (label, length >= 0) of each bar.
    """

    name: str
    title: str
    rows: Sequence[tuple[str, float]]

    @property
    def longest(self) -> float:
        """Length of the longest bar."""
        return max((length for _, length in self.rows), default=0)

    def __bool__(self) -> bool:
        return self.longest > 0


@dataclass(frozen=True)
class Columns:
    """Stacked columns, one per client.

    Attributes:
        name: file name without its extension.
        title: shown above the chart.
        parts: (label, height in each column), stacked from the bottom.
        x_label: such as "client".
        y_label, tick_labels: as in `Chart`.
    """

    name: str
    title: str
    parts: Sequence[tuple[str, Sequence[int]]]
    x_label: str = "client"
    y_label: str = ""
    tick_labels: Sequence[str] = ()

    @property
    def xs(self) -> list[float]:
        """One position per column: 0, 1, ..."""
        return [float(index) for index in range(max((len(heights) for _, heights in self.parts), default=0))]

    @property
    def top(self) -> float:
        """The upper end of the y axis."""
        return round_up(max(map(sum, zip(*(heights for _, heights in self.parts), strict=True)), default=0))

    def __bool__(self) -> bool:
        return any(any(heights) for _, heights in self.parts)


AnyChart = Chart | Bars | Columns


def horizontal_offsets(series: Sequence[Series]) -> list[float]:
    """Return one offset per series, in steps: intervals at the same x are drawn side by side."""
    with_interval = [number for number, each in enumerate(series) if any(len(point) == 4 for point in each.points)]
    center = (len(with_interval) - 1) / 2
    return [with_interval.index(n) - center if n in with_interval else 0.0 for n in range(len(series))]


def round_up(value: float) -> float:
    """Return the smallest 1, 2, 4, 5 or 8 times a power of ten that is at least the value; 1.0 for zero."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.9999)
