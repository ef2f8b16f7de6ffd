"""Charts as data; `plot` draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOR_COUNT = 8  # further series are not drawn, and the legend says how many


@dataclass(frozen=True)
class Series:
    """One line or scatter of points.

    Attributes:
        name: shown in the legend.
        points: (x, y) or (x, y, low, high) with a 95 % interval; x is an integer.
        joined: draw a line through the points.
        rings: (x, y) of hollow marks in the color of the series; `Chart.ring` says what they are.
    """

    name: str
    points: Sequence[tuple[float, ...]]
    joined: bool = True
    rings: Sequence[tuple[float, ...]] = ()

    @property
    def has_intervals(self) -> bool:
        """True if a point has an interval."""
        return any(len(point) == 4 for point in self.points)


@dataclass(frozen=True)
class Chart:
    """Values over rounds, clients or settings.

    Attributes:
        name: file name without its extension.
        title: shown above the chart, "" for none.
        series: lines and scatters; those without points are not drawn.
        x_label: such as "round" or "client".
        limit: upper end of the y axis, such as 1.0 for accuracies; None rounds the highest value up.
        y_label: beside the y axis.
        tick_labels: names of x = 0, 1, ...; numbers are shown if empty.
        reference: label and height of a horizontal line, or None.
        ring: the legend's name of hollow marks.
        is_wide: as wide as the text of a paper, not as one of two columns.
    """

    name: str
    title: str
    series: Sequence[Series]
    x_label: str
    limit: float | None
    y_label: str
    tick_labels: Sequence[str] = ()
    reference: tuple[str, float] | None = None
    ring: str = "published value"
    is_wide: bool = False

    @property
    def shown_series(self) -> list[Series]:
        """The series with at least one point or hollow mark, as many as there are colors."""
        return self._nonempty_series[:COLOR_COUNT]

    @property
    def hidden_count(self) -> int:
        """The number of series that are not drawn because there are too few colors."""
        return len(self._nonempty_series) - len(self.shown_series)

    @property
    def _nonempty_series(self) -> list[Series]:
        return [series for series in self.series if series.points or series.rings]

    @property
    def _points(self) -> list[tuple[float, ...]]:
        return [point for series in self.shown_series for point in (*series.points, *series.rings)]

    @property
    def xs(self) -> list[float]:
        """Distinct x values of all points and names, ascending."""
        return sorted({point[0] for point in self._points} | set(range(len(self.tick_labels))))

    @property
    def top(self) -> float:
        """The upper end of the y axis."""
        heights = [max(point[1:]) for point in self._points]
        return self.limit or round_up(max([*heights, self.reference[1] if self.reference else 0]))

    def __bool__(self) -> bool:
        return bool(self._nonempty_series)


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, each below its label.

    Attributes:
        name: file name without its extension.
        title: shown above the chart.
        rows: (label, length >= 0), or (label, length, low, high) with a 95 % interval, of each bar.
        x_label: what the lengths are.
        limit: end of the axis, such as 1.0 for accuracies; None rounds the largest value up.
    """

    name: str
    title: str
    rows: Sequence[tuple]
    x_label: str
    limit: float | None = None

    @property
    def end(self) -> float:
        """The end of the axis."""
        return self.limit or round_up(max(max(row[1:]) for row in self.rows))

    def __bool__(self) -> bool:
        return any(row[1] > 0 for row in self.rows)


@dataclass(frozen=True)
class Columns:
    """Stacked columns, one per client.

    Attributes:
        name: file name without its extension.
        title: shown above the chart.
        parts: (label, height in each column), stacked from the bottom; at most as many as there are colors.
        x_label, y_label: as in `Chart`.
    """

    name: str
    title: str
    parts: Sequence[tuple[str, Sequence[int]]]
    x_label: str
    y_label: str

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
    with_interval = [number for number, each in enumerate(series) if each.has_intervals]
    center = (len(with_interval) - 1) / 2
    return [with_interval.index(n) - center if n in with_interval else 0.0 for n in range(len(series))]


def round_up(value: float) -> float:
    """Return the smallest 1, 2, 4, 5 or 8 times a power of ten that is at least the value; 1.0 for zero."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.9999)
