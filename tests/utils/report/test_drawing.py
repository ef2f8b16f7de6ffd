"""Drawings: no text cut off, equal bytes for equal charts, safe in a page, fast for many clients."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from drawn_texts import assert_readable, drawn_texts

from utils.report.chart import Bars, Chart, Columns, Series
from utils.report.drawing import Drawing

LONG = "alone_" + "x" * 60 + " and some words in a row after that"
HOSTILE = "<script>alert(1)</script> & $\\frac{1}{0}$ \x00\x1b \ud800"
WIDE = "W" * 70
MODELS = ("R1-Distill-70B", "Llama-3.1-405B", WIDE[:30], "GPT-4", "a", "one with 50 % wrong labels")


def chart(name, series, x_label="round", limit=None, y_label="tokens", title="", **options):
    return Chart(name, title or name, series, x_label, limit, y_label, **options)


CHARTS = [
    chart("one_point", [Series("a", [(0, 0.5, 0.0, 1.0)])], limit=1.0),
    chart("long_names", [Series(f"{LONG} {n}", [(0, 0.1 * n), (1, 0.5)]) for n in range(9)], y_label=LONG),
    chart("short_names", [Series(f"series {n}", [(0, 84_000.0), (1, 99_000.0)]) for n in range(5)], LONG),
    chart("hostile", [Series(HOSTILE, [(1, 0.5, 0.2, 0.8)]), Series(WIDE, [(2, 1)]), Series("_a", [(1, 1)])]),
    chart("large", [Series("tokens", [(0, 12_345_678.0), (1_000, 3.0, 2.0, 17_000_000.0)])], title=LONG),
    chart("intervals", [Series(f"{n}", [(x, 0.5, 0.0, 1.0) for x in range(4)], rings=[(2, 0.5)]) for n in range(4)]),
    chart("far_apart", [Series(f"{n}", [(x, 0.5, 0.0, 1.0) for x in (0, 100)]) for n in range(8)]),
    chart("too_many", [Series(f"{n}", [(0, n), (1, n)]) for n in range(11)], reference=(LONG, 20.0)),
    chart(
        "published",
        [Series(LONG, [(0, 0.4, 0.1, 0.9)], joined=False, rings=[(0, 1.0), (5, 0.99)]), Series("b", [(3, 0.0)])],
        "model in both roles",
        1.0,
        "test accuracy of the best prompt",
        tick_labels=MODELS,
    ),
    chart("wide", [Series("a", [(0, 0.4)])], limit=1.0, tick_labels=MODELS, is_wide=True),
    Bars(
        "bars",
        "Bars",
        [(f"{LONG}: 0.812 [0.71, 0.88]", 0.8, 0.71, 1), (WIDE, 0.0), (HOSTILE, 0.2), ("short", 1.0)],
        "accuracy",
    ),
    Columns("columns", "Columns", [("sums", [3, 0, 2]), (LONG, [0, 5, 1])], "client (first 3 of 1,000)", "questions"),
]


@pytest.fixture(scope="module")
def drawings():
    return {chart.name: Drawing(chart, "SIMULATED") for chart in CHARTS}


@pytest.mark.parametrize("name", [chart.name for chart in CHARTS])
def test_no_text_is_cut_or_overlaps_another_one(drawings, name):
    assert_readable(drawings[name].figure)


@pytest.mark.parametrize("name", [chart.name for chart in CHARTS if not isinstance(chart, Bars)])
def test_the_legend_is_below_the_data(drawings, name):
    figure = drawings[name].figure
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert legend.get_texts() and legend.get_window_extent().y1 < figure.axes[0].get_window_extent().y0


@pytest.mark.parametrize("name", [chart.name for chart in CHARTS])
def test_a_figure_has_the_width_of_a_paper_column_and_readable_text_and_names_its_axes(drawings, name):
    figure = drawings[name].figure
    assert figure.get_figwidth() == (5.5 if name == "wide" else 3.25)
    assert {7 <= text.get_fontsize() <= 9 for text in drawn_texts(figure)} == {True}
    (axes,) = figure.axes
    assert axes.get_xlabel() and (axes.get_ylabel() or name == "bars")


def test_the_files_have_the_size_of_the_figure(drawings):
    drawing = drawings["wide"]
    height = 72 * drawing.figure.get_figheight()
    assert f'width="396pt" height="{height:.0f}pt"' in drawing.svg
    assert f"/MediaBox [ 0 0 396 {height:.0f} ]".encode() in drawing.file("pdf")
    assert int.from_bytes(drawing.file("png")[16:20], "big") == 5.5 * 300
    assert 'style="max-width:792px"' in drawing.inline()


@pytest.mark.parametrize("name", [chart.name for chart in CHARTS if isinstance(chart, Chart)])
def test_every_point_and_whisker_is_within_the_axes(drawings, name):
    axes = drawings[name].figure.axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    points = [point for line in axes.lines for point in line.get_xydata() if point[1] == point[1]]
    assert points and all(left <= x <= right and bottom <= y <= top for x, y in points)


def test_every_interval_has_a_whisker_of_its_length_beside_those_of_other_series(drawings):
    axes = drawings["intervals"].figure.axes[0]
    whiskers = [line for line in axes.lines if line.get_marker() == "None" and len(line.get_xdata()) == 12]
    assert len(whiskers) == 4
    for line in whiskers:
        assert list(line.get_ydata()[::3]) == [0.0] * 4 and list(line.get_ydata()[1::3]) == [1.0] * 4
    at_two = sorted(line.get_xdata()[6] for line in whiskers)
    assert len(set(at_two)) == 4 and at_two[0] > 1.5 and at_two[-1] < 2.5
    (bar,) = [line for line in drawings["bars"].figure.axes[0].lines if len(line.get_xdata())]
    assert list(bar.get_xdata()) == [0.71, 1]


def test_a_hollow_mark_is_beside_the_point_of_its_series_in_its_color_with_one_legend_entry(drawings):
    figure = drawings["intervals"].figure
    marked = [line for line in figure.axes[0].lines if line.get_marker() != "None" and len(line.get_xdata())]
    rings = [line for line in marked if line.get_markerfacecolor() == "none"]
    filled = [line for line in marked if line not in rings]
    for ring, points in zip(rings, filled, strict=True):
        assert ring.get_markeredgecolor() == points.get_color() and ring.get_xdata()[0] == points.get_xdata()[2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*"0123", "published value"]
    page = drawings["published"].inline()
    assert "<title>b: 0 at 3</title>" in page and "published value: 0.99 at 5</title>" in page


def test_the_legend_counts_series_for_which_there_is_no_color(drawings):
    figure = drawings["too_many"].figure
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:8] == [*"01234567"] and texts[-1] == "3 more series not shown"
    colors = [line.get_color() for line in figure.axes[0].lines if line.get_marker() != "None"]
    assert len(set(colors[:8])) == 8


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_the_same_chart_gives_the_same_bytes_in_another_process(kind, drawings):
    here = Path(__file__)
    script = (
        f"import sys; sys.path[:0] = {[str(folder) for folder in (Path.cwd(), here.parent, here.parents[2])]!r}\n"
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
    for each in (
        chart("clients", [Series(f"s{n}", points, joined=False) for n in range(3)], "client", 1.0),
        Columns(
            "partition", "Partition", [(f"class {n}", [1 + (n + c) % 3 for c in clients]) for n in range(8)], "", ""
        ),
    ):
        drawing = Drawing(each)
        drawing.file("png")
        assert len(drawing.inline()) < 600_000
    assert time.process_time() - started < 2


def test_nothing_heavy_is_imported_before_something_is_drawn():
    script = "import sys, main, utils.report; print([name for name in ('matplotlib', 'jinja2') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
