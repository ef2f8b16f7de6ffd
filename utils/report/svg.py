"""Figures as inline SVG: they take the page's colours, light or dark, and need no network and no heavy library."""

import html
import math

from utils.report.chart import Bars, Chart, Series, dodge
from utils.report.page import COLOURS

_WIDTH, _HEIGHT = 440, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 12, 40
_DODGE = 5


def figure(chart: Chart | Bars) -> str:
    """A figure in HTML; "" where there is nothing to show."""
    if not chart:
        return ""
    height, drawn = _bars(chart) if isinstance(chart, Bars) else _chart(chart)
    title = html.escape(chart.title)
    return (
        f'<figure><figcaption>{title}</figcaption><svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{title}">{drawn}</svg>{_legend(chart) if isinstance(chart, Chart) else ""}</figure>'
    )


def _legend(chart: Chart) -> str:
    names = "".join(
        f'<li><i class="c{number % COLOURS}"></i>{html.escape(each.name)}</li>'
        for number, each in enumerate(chart.shown)
    )
    return f'<ul class="legend">{names}</ul>'


def _bars(bars: Bars) -> tuple[int, str]:
    rows = "".join(
        f'<text x="0" y="{16 + 44 * place}">{html.escape(told)}</text><rect x="0" y="{22 + 44 * place}" height="14" '
        f'rx="3" fill="var(--c{place % COLOURS})" width="{max(2, (_WIDTH - 10) * length / bars.longest):.1f}"/>'
        for place, (told, length) in enumerate(bars.rows)
    )
    return 44 * len(bars.rows) + 4, rows


def _chart(chart: Chart) -> tuple[int, str]:
    xs, top = chart.xs, chart.top
    first, last = xs[0], max(xs[-1], xs[0] + 1)
    across = _WIDTH - _LEFT - _RIGHT
    down = _HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        share = (x - first + 0.3) / (last - first + 0.6)
        return round(_LEFT + across * share, 1), round(_TOP + down * (1 - min(y, top) / top), 1)

    parts = [_axes(chart, place)]
    for number, (each, aside) in enumerate(zip(chart.shown, dodge(chart.shown), strict=True)):
        moved = f'<g transform="translate({aside * _DODGE:g})">' if aside else "<g>"
        parts.append(f"{moved}{_drawn(each, number % COLOURS, place)}</g>")
    return _HEIGHT, "".join(parts)


def _axes(chart: Chart, place) -> str:
    parts, xs = [], chart.xs
    for tick in range(5):
        value = chart.top * tick / 4
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
        f"{html.escape(chart.x_label)}</text>"
    )
    return "".join(parts)


def _drawn(series: Series, colour: int, place) -> str:
    parts = []
    if series.joined and len(series.points) > 1:
        path = " ".join("{},{}".format(*place(*point[:2])) for point in series.points)
        parts.append(f'<polyline class="c{colour}{" dashed" if series.dashed else ""}" points="{path}"/>')
    for point in () if series.dashed and len(series.points) > 1 else series.points:
        x, y = place(*point[:2])
        told = f"{series.name}: {_number(point[1])} at {point[0]:g}"
        if len(point) == 4:
            (_, low), (_, high) = place(point[0], point[2]), place(point[0], point[3])
            parts.append(f'<line class="c{colour} bar" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>')
            told += f" [{_number(point[2])}, {_number(point[3])}]"
        parts.append(
            f'<circle class="c{colour}" cx="{x}" cy="{y}" r="{3.4 if series.joined else 3}">'
            f"<title>{html.escape(told)}</title></circle>"
        )
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
