"""A chart drawn once, as SVG, PDF and PNG files and as an <svg> element of a page.

The bytes of every file depend only on the chart.
"""

import html
import io
import re
from collections.abc import Sequence

from utils.report.chart import AnyChart, Chart
from utils.report.labels import printable, short_number
from utils.report.plot import draw
from utils.report.theme import CSS_VARIABLES, PAGE_SCALE, matplotlib_options

_PNG_DPI = 300
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
        self.name = chart.name
        self._chart = chart
        with matplotlib_options(hash_salt=self.name):
            self.figure = draw(chart, note)
        self.svg = self.file("svg").decode()

    def file(self, kind: str) -> bytes:
        """Return the content of a file.

        Args:
            kind: "svg", "pdf" or "png".
        """
        buffer = io.BytesIO()
        with matplotlib_options(hash_salt=self.name):
            dpi = _PNG_DPI if kind == "png" else 72
            self.figure.savefig(buffer, format=kind, dpi=dpi, metadata=_NO_DATES[kind])
        return buffer.getvalue()

    def inline(self) -> str:
        """Return an <svg> element with the colors and fonts of the page, and a tooltip at each point."""
        view_box = re.search(r'viewBox="[^"]*"', self.svg)
        body = self.svg[self.svg.index("<g ") : self.svg.rindex("</svg>")]
        body = re.sub(r"<defs>\s*<clipPath.*?</defs>\s*", "", body, flags=re.DOTALL)
        body = re.sub(r""" (clip-path="[^"]*"|id="(?!m[0-9a-f]{10}")[^"]*"|transform="rotate\(-0 [^"]*")""", "", body)
        body = re.sub(r' ?font-family: [^;"]*;?', "", body)
        body = re.sub(r"(\.\d\d)\d+", r"\1", body)  # hundredths of a point
        body = re.sub(r"#[0-9a-f]{6}\b", lambda match: CSS_VARIABLES.get(match[0], match[0]), body)
        tooltips = iter(_tooltips(self._chart))
        body = re.sub(r"(<use [^>]*)/>", lambda marker: _with_tooltip(marker, next(tooltips, "")), body)
        body = re.sub(r"\n\s*", " ", body)
        width = f'style="max-width:{72 * PAGE_SCALE * self.figure.get_figwidth():.0f}px"'
        label = html.escape(self._chart.title or self.name)
        return f'<svg {view_box[0] if view_box else ""} {width} role="img" aria-label="{label}">{body}</svg>'


def _tooltips(chart: AnyChart) -> list[str]:
    """Return one text per marker, in drawing order."""
    if not isinstance(chart, Chart):
        return []
    texts = []
    for series in chart.shown_series:
        for point in series.points:
            interval = f" [{short_number(point[2])}, {short_number(point[3])}]" if len(point) == 4 else ""
            texts.append(f"{_at(series.name, point)}{interval}")
        texts += [_at(f"{series.name}, {chart.ring}", point) for point in series.rings]
    return texts


def _at(name: str, point: Sequence[float]) -> str:
    return f"{printable(name)}: {short_number(point[1])} at {point[0]:g}"


def _with_tooltip(marker: re.Match[str], text: str) -> str:
    return f"{marker[1]}><title>{html.escape(text)}</title></use>" if text else marker[0]
