"""Drawings: no text cut off, equal bytes for equal charts, safe in a page, fast for many clients."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.report.chart import Bars, Chart, Columns, Series
from utils.report.drawing import Drawing

LONG = "alone_" + "x" * 60 + " and some words in a row after that"
HOSTILE = "<script>alert(1)</script> & $\\frac{1}{0}$ \x00\x1b \ud800"
WIDE = "W" * 70
CHARTS = [
    Chart("one_point", "One point", [Series("a", [(0, 0.5, 0.0, 1.0)])], limit=1.0),
    Chart("long_names", "Long names", [Series(f"{LONG} {n}", [(0, 0.1 * n), (1, 0.5)]) for n in range(9)]),
    Chart("short_names", "Short", [Series(f"series {n}", [(0, 84_000.0), (1, 99_000.0)]) for n in range(5)], "client"),
    Chart(
        "hostile", "Hostile", [Series(HOSTILE, [(1, 0.5, 0.2, 0.8)]), Series(WIDE, [(2, 1)]), Series("_a", [(1, 1)])]
    ),
    Chart("large", "Large", [Series("tokens", [(0, 12_345_678.0), (1_000, 3.0, 2.0, 17_000_000.0)])]),
    Chart(
        "published",
        "Published values",
        [Series(LONG, [(0, 0.4, 0.1, 0.9)], joined=False, published=[(0, 1.0), (5, 0.99)]), Series("b", [(3, 0.0)])],
        "model in both roles",
        1.0,
        "test accuracy of the best prompt",
        ("R1-Distill-70B", "Llama-3.1-405B", WIDE[:30], "GPT-4", "a", "one with 50 % wrong labels"),
    ),
    Bars("bars", "Bars", [(f"{LONG}: 0.812 [0.71, 0.88]", 0.8), (WIDE, 0.0), (HOSTILE, 0.2), ("short", 1.0)]),
    Columns("columns", "Columns", [("sums", [3, 0, 2]), (LONG, [0, 5, 1])]),
    Columns("many_parts", "Many parts", [(f"class {n}", [n, 1]) for n in range(30)]),
]


@pytest.fixture(scope="module")
def drawings():
    return {chart.name: Drawing(chart, "SIMULATED") for chart in CHARTS}


@pytest.mark.parametrize("name", [chart.name for chart in CHARTS])
def test_no_text_is_cut_or_overlaps_the_legend(drawings, name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    figure = drawings[name].figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    edge = figure.bbox
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert len(texts) > 3
    for text in texts:
        box = text.get_window_extent(renderer)
        inside = edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1
        assert inside, f"{text.get_text()!r} at {box} leaves {edge}"
    for legend in figure.legends:
        below = figure.axes[0].xaxis.label.get_window_extent(renderer).y0
        tops = [text.get_window_extent(renderer).y1 for text in legend.get_texts()]
        assert max(tops) <= below, "the legend is below the axis label"


@pytest.mark.parametrize("name", [chart.name for chart in CHARTS if isinstance(chart, Chart)])
def test_every_point_and_whisker_is_within_the_axes(drawings, name):
    axes = drawings[name].figure.axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    points = [point for line in axes.lines for point in line.get_xydata() if point[1] == point[1]]
    assert points and all(left <= x <= right and bottom <= y <= top for x, y in points)


def test_published_values_are_hollow_marks_in_the_color_of_their_series_with_one_legend_entry(drawings):
    figure = drawings["published"].figure
    points, hollow, *_ = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert hollow.get_markerfacecolor() == "none" and hollow.get_markeredgecolor() == points.get_color()
    assert list(hollow.get_xdata()) == [0, 5]
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "published"
    page = drawings["published"].inline()
    assert "<title>b: 0 at 3</title>" in page and "published: 0.99 at 5</title>" in page


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_the_same_chart_gives_the_same_bytes_in_another_process(kind, drawings):
    script = (
        f"import sys; sys.path[:0] = {[str(Path.cwd()), str(Path(__file__).parent)]!r}\n"
        "from test_drawing import CHARTS, Drawing\n"
        f"sys.stdout.buffer.write(Drawing(CHARTS[2], 'SIMULATED').file({kind!r}))"
    )
    contents = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    ]
    assert contents[0] == contents[1] == drawings["short_names"].file(kind)
    assert not re.search(rb"20\d\d-\d\d-\d\d|D:20\d\d", contents[0])


def test_a_drawing_in_a_page_has_the_colors_of_the_page_and_no_address(drawings):
    for drawing in drawings.values():
        inline = drawing.inline()
        assert not re.search(r"#[0-9a-f]{6}\b|url\(|https?:|font-family", inline)
        assert "var(--c0)" in inline and "var(--soft)" in inline


def test_names_are_shown_as_text_and_never_as_markup_or_formulas(drawings):
    for name in ("hostile", "bars"):
        for text in (drawings[name].svg, drawings[name].inline()):
            assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
            assert "$\\frac{1}{0}$" in re.sub(r"\s+|</text>.*?<text[^>]*>", "", text)
    assert "_a" in drawings["hostile"].inline()


def test_each_marker_has_a_tooltip(drawings):
    assert "<title>series 0: 84,000 at 0</title>" in drawings["short_names"].inline()
    assert "[0.2, 0.8]</title>" in drawings["hostile"].inline()
    assert drawings["short_names"].inline().count("<title>") == 10


def test_charts_of_a_thousand_clients_are_drawn_quickly():
    from matplotlib.figure import Figure  # noqa: F401  its import is not measured

    clients = range(1000)
    points = [(client, 0.5, 0.25, 0.75) for client in clients]
    started = time.process_time()
    for chart in (
        Chart("clients", "Clients", [Series(f"s{n}", points, joined=False) for n in range(3)], "client", 1.0),
        Columns("partition", "Partition", [(f"class {n}", [1 + (n + c) % 3 for c in clients]) for n in range(10)]),
    ):
        drawing = Drawing(chart)
        drawing.file("png")
        assert len(drawing.inline()) < 600_000
    assert time.process_time() - started < 2


def test_nothing_heavy_is_imported_before_something_is_drawn():
    script = "import sys, main, utils.report; print([name for name in ('matplotlib', 'jinja2') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
