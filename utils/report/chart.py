"""Charts as data; `drawing` draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLORS = 8  # of series and bars, then again from the first


@dataclass(frozen=True)
class Series:
    """One line or cloud of points.

    Attributes:
        name: shown in the legend.
        points: (x, y) or (x, y, low, high) with an interval; x is an integer.
        joined: draw a line through the points.
        dashed: draw the line dashed, without markers.
    """

    name: str
    points: Sequence[tuple[float, ...]]
    joined: bool = True
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Values over rounds or clients.

    Attributes:
        name: file name without its extension.
        title: shown above the chart.
        series: what to draw; series without points are left out.
        x_label: what x counts.
        limit: upper end of the y axis, such as 1.0 for accuracies; None rounds the highest value up.
    """

    name: str
    title: str
    series: Sequence[Series]
    x_label: str = "round"
    limit: float | None = None

    @property
    def shown(self) -> list[Series]:
        """The series that have points."""
        return [series for series in self.series if series.points]

    @property
    def xs(self) -> list[float]:
        """All distinct x values in ascending order."""
        return sorted({point[0] for series in self.shown for point in series.points})

    @property
    def top(self) -> float:
        """The upper end of the y axis."""
        return self.limit or round_up(max(max(point[1:]) for series in self.shown for point in series.points))

    def __bool__(self) -> bool:
        return bool(self.shown)


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
        """Return the length of the longest bar."""
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
        x_label: what the columns are.
    """

    name: str
    title: str
    parts: Sequence[tuple[str, Sequence[int]]]
    x_label: str = "client"

    @property
    def xs(self) -> list[float]:
        """The position of each column."""
        return [float(place) for place in range(max((len(heights) for _, heights in self.parts), default=0))]

    @property
    def top(self) -> float:
        """The upper end of the y axis."""
        return round_up(max(map(sum, zip(*(heights for _, heights in self.parts), strict=True)), default=0))

    def __bool__(self) -> bool:
        return any(any(heights) for _, heights in self.parts)


AnyChart = Chart | Bars | Columns


def dodge(series: Sequence[Series]) -> list[float]:
    """Return how many steps each series moves sideways, so that intervals at the same x do not hide each other."""
    wide = [number for number, each in enumerate(series) if any(len(point) == 4 for point in each.points)]
    return [wide.index(number) - (len(wide) - 1) / 2 if number in wide else 0.0 for number in range(len(series))]


def round_up(value: float) -> float:
    """Return the smallest of 1, 2, 4, 5, 8 and 10 times a power of ten that is not below the value; 1.0 for zero."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.9999)
