"""Charts as inline SVG: they take the page's colours, light or dark, and need no network and no heavy library."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 440, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 12, 40
_COLOURS = 6


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


def chart(title: str, series: Sequence[Series], x_label: str = "round", top: float | None = None) -> str:
    """A figure; "" where there is nothing to show.

    Args:
        title: above it.
        series: what to draw.
        x_label: what x counts.
        top: the highest y, such as 1.0 for shares; found where left out.
    """
    series = [each for each in series if each.points]
    if not series:
        return ""
    xs = sorted({point[0] for each in series for point in each.points})
    highest = top or _nice(max(max(point[1:]) for each in series for point in each.points))
    first, last = xs[0], max(xs[-1], xs[0] + 1)
    across = _WIDTH - _LEFT - _RIGHT
    down = _HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        share = (x - first + 0.3) / (last - first + 0.6)
        return round(_LEFT + across * share, 1), round(_TOP + down * (1 - min(y, highest) / highest), 1)

    parts = [_axes(xs, highest, place, x_label)]
    parts += [_drawn(each, number % _COLOURS, place) for number, each in enumerate(series)]
    legend = "".join(
        f'<li><i class="c{number % _COLOURS}"></i>{html.escape(each.name)}</li>' for number, each in enumerate(series)
    )
    return (
        f'<figure><figcaption>{html.escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{html.escape(title)}">{"".join(parts)}</svg><ul class="legend">{legend}</ul></figure>'
    )


def _axes(xs: Sequence[float], highest: float, place, x_label: str) -> str:
    parts = []
    for tick in range(5):
        value = highest * tick / 4
        _, y = place(xs[0], value)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{_number(value)}</text>'
        )
    for x in xs[:: math.ceil(len(xs) / 12)]:
        across, y = place(x, 0)
        parts.append(f'<text x="{across}" y="{y + 16}" text-anchor="middle">{x:g}</text>')
    parts.append(
        f'<text class="label" x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 5}" text-anchor="middle">'
        f"{html.escape(x_label)}</text>"
    )
    return "".join(parts)


def _drawn(series: Series, colour: int, place) -> str:
    parts = []
    if series.joined and len(series.points) > 1:
        path = " ".join("{},{}".format(*place(*point[:2])) for point in series.points)
        parts.append(f'<polyline class="c{colour}{" dashed" if series.dashed else ""}" points="{path}"/>')
    for point in series.points:
        x, y = place(*point[:2])
        told = f"{series.name}: {_number(point[1])} at {point[0]:g}"
        if len(point) == 4:
            (_, low), (_, high) = place(point[0], point[2]), place(point[0], point[3])
            parts.append(f'<line class="c{colour} bar" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>')
            told += f" [{_number(point[2])}, {_number(point[3])}]"
        parts.append(
            f'<circle class="c{colour}" cx="{x}" cy="{y}" r="{3.4 if series.joined else 2.6}">'
            f"<title>{html.escape(told)}</title></circle>"
        )
    return "".join(parts)


def _nice(value: float) -> float:
    """The next of 1, 2, 4, 5, 8, 10 times a power of ten that is not below the value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.9999)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
