"""What a figure shows, apart from how it is drawn: `svg` draws it into a page, `pictures` into a PNG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """One line or cloud of points.

    Attributes:
        name: for the legend.
        points: (x, y) or (x, y, low, high), x a whole number.
        joined: True draws a line through them.
        dashed: True draws it dashed.
    """

    name: str
    points: Sequence[tuple[float, ...]]
    joined: bool = True
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Values over rounds or clients.

    Attributes:
        name: of its file, without .png.
        title: above it.
        series: what to draw; those without points are left out.
        x_label: what x counts.
        limit: the highest y, such as 1.0 for shares; None finds it.
    """

    name: str
    title: str
    series: Sequence[Series]
    x_label: str = "round"
    limit: float | None = None

    @property
    def shown(self) -> list[Series]:
        """The series that have points."""
        return [each for each in self.series if each.points]

    @property
    def xs(self) -> list[float]:
        """Every x at which there is a point, in order."""
        return sorted({point[0] for each in self.shown for point in each.points})

    @property
    def top(self) -> float:
        """The y of the upper edge."""
        return self.limit or _nice(max(max(point[1:]) for each in self.shown for point in each.points))

    def __bool__(self) -> bool:
        return bool(self.shown)


@dataclass(frozen=True)
class Bars:
    """A bar a row, from left to right.

    Attributes:
        name: of its file, without .png.
        title: above it.
        rows: (what is told above the bar, its length >= 0).
    """

    name: str
    title: str
    rows: Sequence[tuple[str, float]]

    @property
    def longest(self) -> float:
        """The longest bar."""
        return max((length for _, length in self.rows), default=0)

    def __bool__(self) -> bool:
        return self.longest > 0


def dodge(series: Sequence[Series]) -> list[float]:
    """How far each series moves to the side, in steps, so that intervals at the same x do not hide each other."""
    wide = [number for number, each in enumerate(series) if any(len(point) == 4 for point in each.points)]
    return [wide.index(number) - (len(wide) - 1) / 2 if number in wide else 0.0 for number in range(len(series))]


def _nice(value: float) -> float:
    """The next of 1, 2, 4, 5, 8, 10 times a power of ten that is not below the value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.9999)
