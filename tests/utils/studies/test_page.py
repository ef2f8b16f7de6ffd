"""The page of a study shows every cell, compares with published values, and writes files for a paper."""

import csv
import dataclasses
import html

import pytest
from drawn_texts import assert_readable

from textgrad.discovery import names_in
from utils.report.chart import Series
from utils.report.drawing import Drawing
from utils.studies import page
from utils.studies.__main__ import find_study
from utils.studies.declaration import Arm, Claim, Study, vary
from utils.studies.findings import cells_of
from utils.studies.runs import Request, settings_of

ROWS = {f"E = {steps}": Arm(module="train_homo_fed", task=("t",), max_steps=steps) for steps in (3, 5)}
STUDY = Study(
    "Steps & size",
    ROWS,
    vary("batch_size", 1, 3),
    "batch size",
    published={"E = 3": ".73 (.03) .78 (.02)", "E = 5": "- .86"},
    claims=(Claim("Larger batches are better.", larger="3", smaller="1"),),
)


def write(finished, tmp_path):
    finished["homo_fed_t"] = {1: [1, 1, 1, 0], 2: [1, 1, 0, 0]}
    finished["homo_fed_t_batch_size-1"] = {1: [1, 0, 0, 0], 2: [1, 0, 0, 0]}
    finished["homo_fed_t_max_steps-5"] = {1: [1, 1, 1, 1]}
    settings = settings_of(STUDY, tmp_path / "runs", Request())
    page.write_page(STUDY, "steps", tmp_path / "steps", settings)
    return tmp_path / "steps", settings


def test_every_cell_is_in_the_table_with_its_published_value_and_a_missing_run_with_its_reason(finished, tmp_path):
    folder, _ = write(finished, tmp_path)
    text = html.unescape((folder / "report.html").read_text())
    for cell in ("0.62 ± 0.18", "(0.78 ± 0.02)", "not finished", "(0.86)"):
        assert cell in text
    assert "E = 5, 1: not finished" in text
    rows = list(csv.DictReader((folder / "report.csv").open()))
    assert [(row["row"], row["column"], row["mean"], row["seeds"], row["published"]) for row in rows] == [
        ("E = 3", "1", "0.25", "2", "0.73"),
        ("E = 3", "3", "0.625", "2", "0.78"),
        ("E = 5", "1", "", "", ""),
        ("E = 5", "3", "1.0", "1", "0.86"),
    ]
    assert [row["problem"] for row in rows] == ["", "", "not finished", ""]


def test_the_figure_has_every_finished_cell_and_hollow_marks_for_published_values(finished, tmp_path):
    folder, settings = write(finished, tmp_path)
    assert {path.name for path in (folder / "figures").iterdir()} == {f"steps.{end}" for end in ("svg", "png", "pdf")}
    (grid,) = page.grids_of(STUDY, cells_of(STUDY, settings).values())
    chart = page.chart_of(grid, "steps")
    first, second = chart.series
    assert [point[:2] for point in first.points] == [(1, 0.25), (3, 0.625)] and len(first.points[1]) == 4
    assert [point[:2] for point in second.points] == [(3, 1.0)]
    assert (first.rings, second.rings) == ([(1, 0.73), (3, 0.78)], [(3, 0.86)])
    assert (chart.x_label, chart.y_label) == ("batch size", "test accuracy of the best prompt")
    hollow = [line for line in Drawing(chart).figure.axes[0].lines if line.get_markerfacecolor() == "none"]
    assert sorted(round(x) for line in hollow for x in line.get_xdata()) == [1, 3, 3]


def test_the_latex_table_says_seeds_and_questions_and_escapes_its_texts(finished, tmp_path):
    folder, _ = write(finished, tmp_path)
    lines = (folder / "report.tex").read_text().splitlines()
    assert lines[1].startswith(r"\caption{Steps \& size. Test accuracy of the best prompt: mean $\pm$ standard")
    assert "over 1 to 2 seeds, 4 test questions per value; published value in parentheses" in lines[1]
    assert r"E = 3 & 0.25 $\pm$ 0.00 (0.73 $\pm$ 0.03) & 0.62 $\pm$ 0.18 (0.78 $\pm$ 0.02) \\" in lines
    assert {r"\toprule", r"\midrule", r"\bottomrule"} <= set(lines)


def test_columns_that_are_no_numbers_are_named_below_the_axis(finished, tmp_path):
    columns = {"concatenation": Arm(aggregate_method="concat"), "UID": Arm(aggregate_method="sum_uid")}
    study = Study("t", {"t": Arm(module="train_homo_fed", task=("t",))}, columns, "aggregator")
    finished["homo_fed_t_aggregate_method-sum_uid"] = {1: [1, 0]}
    (grid,) = page.grids_of(study, cells_of(study, settings_of(study, tmp_path, Request())).values())
    chart = page.chart_of(grid, "t")
    assert chart.tick_labels == ["concatenation", "UID"] and [point[0] for point in chart.series[0].points] == [1]


@pytest.mark.parametrize("name", [*names_in("utils.studies.paper"), *names_in("utils.studies.further")])
def test_the_texts_of_every_study_fit_into_its_figures(finished, tmp_path, name):
    study = find_study(name)[1]
    for grid in page.grids_of(study, cells_of(study, settings_of(study, tmp_path, Request())).values()):
        chart = page.chart_of(grid, name)
        points = [(x, 0.5, 0.2, 0.8) for x in range(len(chart.tick_labels) or 101)]
        drawn = [Series(series.name, points, rings=[(0, 0.5)]) for series in chart.series]
        figure = Drawing(dataclasses.replace(chart, series=drawn), "SIMULATED").figure
        assert_readable(figure)
        assert figure.get_figwidth() == (5.5 if len(chart.tick_labels) > 4 else 3.25)
