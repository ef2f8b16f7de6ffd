"""The page of all runs: each run's settings, numbers and status; which runs can be chosen; damaged runs."""

import html
import re

import generated_runs
import pytest

from utils.report.__main__ import main as report
from utils.report.index_page import COLUMNS, index_page
from utils.report.run_list import list_runs


def row_of(page, path):
    """Return the HTML of a run's row."""
    rows = {re.search(r'value="([^"]*)"', row)[1]: row for row in re.findall(r"<tr>\n<td.*?</tr>", page, re.DOTALL)}
    return {html.unescape(name): row for name, row in rows.items()}[path]


def cells_of(page, path):
    """Return the text of each cell in a run's row, by the column's heading; notes follow after a space."""
    cells = re.findall(r'data-label="([^"]*)"[^>]*>(.*?)</td>', row_of(page, path), re.DOTALL)
    texts = {label: re.sub(r"<[^>]*>", " ", cell.replace("</small>", "")) for label, cell in cells}
    return {html.unescape(label): html.unescape(text).replace("\u00a0", " ") for label, text in texts.items()}


def page_of(logs):
    return index_page(logs, *list_runs(logs))


def test_a_row_shows_the_settings_and_numbers_of_its_run(tmp_path):
    usage = {"test": {"calls": 900, "dollars": 0.5}, "evaluation": {"calls": 100, "dollars": 0.25}}
    results = {"date": "2026-02-03T04:05:06Z", "usage": usage}
    engines = {"test_engine": "small", "evaluation_engine": "large"}
    generated_runs.write_run(tmp_path / "a", results, homo_split_num=7, max_steps=4, batch_size=9, seed=5, **engines)
    assert cells_of(page_of(tmp_path), "a") == {
        "date": "2026-02-03 04:05",
        "status": "complete",
        "module": "homo_fed",
        "tasks": "sums",
        "aggregator": "summarization",
        "clients": "7",
        "E": "4",
        "B": "9",
        "seed": "5",
        "engines": "small large",
        "best, test": "0.500 [0.22, 0.78] n = 8",
        "gain": "+0.375 [+0.12, +0.75]",
        "p": "0.25",
        "cost": "$0.75 1,000 calls",
    }


@pytest.mark.parametrize(
    "options, clients, aggregator",
    [
        ({"module": "train_centralized", "homo_split_num": 3}, "1", "–"),
        ({"module": "train_hetero_fed", "task": ["a", "b"], "clients_per_task": 3}, "6", "summarization"),
    ],
)
def test_the_number_of_clients_depends_on_the_module(tmp_path, options, clients, aggregator):
    generated_runs.write_run(tmp_path / "a", {}, **options)
    cells = cells_of(page_of(tmp_path), "a")
    assert (cells["clients"], cells["aggregator"]) == (clients, aggregator)


def test_a_cost_with_an_unknown_price_is_no_number_but_the_calls_are(tmp_path):
    usage = {"test": {"calls": 900, "dollars": 0.5}, "evaluation": {"calls": 100, "dollars": None}}
    generated_runs.write_run(tmp_path / "a", {"usage": usage})
    assert cells_of(page_of(tmp_path), "a")["cost"] == "– 1,000 calls"


def test_a_run_without_results_has_empty_cells_and_cannot_be_chosen(tmp_path):
    generated_runs.write_run(tmp_path / "begun")
    page = page_of(tmp_path)
    cells = cells_of(page, "begun")
    assert list(cells) == [column.heading for column in COLUMNS]
    assert cells["status"] == "interrupted 0 of 2 rounds" and cells["tasks"] == "sums"
    assert [cells[name] for name in ("best, test", "gain", "p", "cost")] == ["–"] * 4
    assert "disabled" in row_of(page, "begun") and "<a " not in row_of(page, "begun")


def test_the_reason_of_a_stop_is_shown(tmp_path):
    generated_runs.write_run(tmp_path / "a", {"status": "incomplete", "stopped": "the cap of 60 calls is reached"})
    assert cells_of(page_of(tmp_path), "a")["status"] == "incomplete the cap of 60 calls is reached"


def test_names_are_escaped_in_the_page_in_links_and_in_the_command(tmp_path):
    name = "a b'<b>&\"#"
    folder = generated_runs.write_run(tmp_path / name, {})
    (folder / "report.html").touch()
    row = row_of(page_of(tmp_path), name)
    assert "<b>" not in row and 'href="a%20b%27%3Cb%3E%26%22%23/report.html"' in row
    argument = html.unescape(re.search(r'data-argument="([^"]*)"', row)[1])
    assert argument.startswith("'") and argument.endswith("""/a b'"'"'<b>&"#'""")


def test_the_command_line_lists_unfinished_and_damaged_runs_and_succeeds(tmp_path, capsys):
    (generated_runs.write_run(tmp_path / "done", {}) / "report.html").touch()
    generated_runs.write_run(tmp_path / "begun")
    (generated_runs.write_run(tmp_path / "damaged") / "config.json").write_text("{")
    assert report([str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^0\.500 \[0\.22, 0\.78\] n = 8 +done$", output, re.MULTILINE)
    assert re.search(r"^interrupted +begun$", output, re.MULTILINE)
    assert re.search(r"^not listed: .*damaged/config.json", output, re.MULTILINE)
    page = (tmp_path / "index.html").read_text()
    assert 'class="note"' in page and "damaged/config.json" in page
    assert not (tmp_path / "begun" / "report.html").exists()


def test_a_folder_without_runs_is_a_one_line_error(tmp_path, capsys):
    assert report([str(tmp_path)]) == 2 and "holds no run" in capsys.readouterr().err
