"""The page of several runs: settings that differ, stopped runs, missing numbers, figures that leave runs out."""

import html
import json
import re

import generated_runs
import pytest

from utils.report.comparison import comparison_page
from utils.report.groups import load_several

OLD_RESULTS = json.loads((generated_runs.OLD_RUN / "results.json").read_text())


@pytest.fixture
def page(tmp_path):
    """Return a function: {name: (results, options)} -> the text of the page, one line per block."""

    def written(runs):
        folders = [generated_runs.write_run(tmp_path / name, each[0], **each[1]) for name, each in runs.items()]
        loaded, groups = load_several(folders)
        text = comparison_page(loaded, [], "Comparison", None, groups)
        return html.unescape(re.sub(r"<(?!br)[^>]*>", " ", text.split("<body>")[1]))

    return written


def test_the_settings_that_differ_come_before_the_numbers_and_equal_ones_are_folded(page):
    text = page({"a": ({}, {}), "b": ({}, {"batch_size": 17})})
    assert text.index("Settings that differ") < text.index("--batch_size") < text.index("equal settings")
    assert text.index("--batch_size") < text.index("--proximal_update") < text.index("Numbers")


def test_one_line_tells_that_a_run_was_stopped_and_which_numbers_it_lacks(page):
    metrics = {name: each for name, each in OLD_RESULTS["metrics"].items() if name != "last_test_acc"}
    stopped = {"status": "incomplete", "stopped": "the cap of 60 calls is reached", "metrics": metrics}
    text = page({"a": ({}, {}), "b": (stopped, {})})
    assert "b: incomplete, the cap of 60 calls is reached; missing last, test." in text
    assert text.count("missing") == 1


def test_complete_runs_have_no_remark(page):
    assert "missing" not in page({"a": ({}, {}), "b": ({}, {})})


@pytest.mark.parametrize("count, told", [(8, False), (9, True)])
def test_the_page_tells_if_charts_leave_runs_out(page, count, told):
    text = page({f"run{number}": ({}, {"batch_size": 1 + number}) for number in range(count)})
    assert ("The charts over rounds show the first 8 of 9 runs." in text) is told


def test_pairs_that_cannot_be_compared_are_listed_by_reason(page):
    other = {"data": {"sums": OLD_RESULTS["data"]["sums"] | {"test_id": "x"}}}
    text = page({"a": ({}, {}), "b": (other, {}), "c": (other, {"batch_size": 1})})
    assert text.count("Not compared: ") == 2, "different questions; and no scores, for b and c"
    assert "Not compared: b with a; c with a: different test questions" in text


def test_settings_of_several_seeds_are_shown_once(page):
    text = page(
        {f"{name}{seed}": ({}, {"seed": seed, "batch_size": n}) for n, name in ((1, "a"), (2, "b")) for seed in (1, 2)}
    )
    settings = text[text.index("Settings that differ") : text.index("equal settings")]
    assert re.search(r"run\s+--batch_size\s+a1 and 1 more seed\s+1\s+b1 and 1 more seed\s+2", settings)
