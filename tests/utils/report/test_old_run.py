"""All tools still read a run folder of the previous version (old_run/, without its call log)."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import toy

import main
from utils.report.__main__ import main as report
from utils.report.paired import reason_not_comparable
from utils.report.runs import load_run
from utils.run_log.ledger import main as ledger

OLD_RUN = Path(__file__).parent / "old_run"


@pytest.fixture
def folder(tmp_path):
    """A copy, because reports are written into it."""
    return shutil.copytree(OLD_RUN, tmp_path / "logs" / "old_run")


def test_its_report_shows_all_metrics_rounds_and_prompts(folder, capsys):
    assert report([str(folder)]) == 0
    results = json.loads((folder / "results.json").read_text())
    best = results["metrics"]["best_test_acc"]
    assert f"{best['value']:.3f}" in capsys.readouterr().out
    page = (folder / "report.html").read_text()
    for line in results["prompts"]["best"].splitlines():
        assert line in page
    assert all(name in page for name in results["metrics"])
    assert all(f"<b>round {number}</b>" in page for number in (1, 2)) and "<b>client 1</b>" in page
    assert "Training data by" in page and "--proximal_update" in page
    rows = list(csv.DictReader((folder / "report.csv").read_text().splitlines()))
    assert {row["metric"]: float(row["value"]) for row in rows} == {
        name: estimate["value"] for name, estimate in results["metrics"].items()
    }
    assert f"{best['value']:.3f} [" in (folder / "report.tex").read_text()


def test_a_table_of_all_runs_lists_it(folder):
    assert report([str(folder.parent)]) == 0
    assert "old_run/report.html" in (folder.parent / "index.html").read_text()


def test_its_report_needs_no_partition(folder):
    (folder / "partition.json").unlink()
    assert report([str(folder)]) == 0


def test_it_is_compared_with_a_new_run_on_the_same_questions(folder, tmp_path, capsys):
    sizes = ["--train_size", "8", "--val_size", "6", "--test_size", "8", "--num_clients", "2", "--local_steps", "1"]
    assert main.run(toy.config(tmp_path, "--run_name", "new_run", *sizes, "--proximal_update")) == 0
    runs = [load_run(folder), load_run(tmp_path / "logs" / "new_run")]
    assert reason_not_comparable(*runs) == ""
    assert [run.metric("best_test_acc") for run in runs] == [runs[0].metric("best_test_acc")] * 2
    assert report([str(run.folder) for run in runs]) == 0
    assert "new_run against old_run: not distinguishable from noise" in capsys.readouterr().out


def test_its_ledger_is_verified(folder, capsys):
    assert ledger([str(folder)]) == 0 and "2 rounds verified" in capsys.readouterr().out


def test_its_ledger_is_broken_by_a_changed_line(folder, capsys):
    lines = (folder / "ledger.jsonl").read_text()
    (folder / "ledger.jsonl").write_text(lines.replace('"kept_old": ""', '"kept_old": "x"', 1))
    assert ledger([str(folder)]) == 1 and "BROKEN: round 1" in capsys.readouterr().out


def test_its_outcomes_are_text_and_those_of_a_new_run_are_lists(folder, tmp_path):
    assert main.run(toy.config(tmp_path)) == 0
    old, new = load_run(folder), load_run(tmp_path / "logs" / "run")
    kinds = [{type(event["correct"]) for event in run.events if event["event"] == "evaluation"} for run in (old, new)]
    assert kinds == [{str}, {list}]
    assert sum(old.correct("best")[0].values()) == sum(map(int, "00100111"))
    assert list(old.correct("best")[0].values()) == [0, 0, 1, 0, 0, 1, 1, 1]


def test_pandas_reads_the_outcomes_of_a_new_run(tmp_path):
    pandas = pytest.importorskip("pandas")
    assert main.run(toy.config(tmp_path)) == 0
    table = pandas.read_json(tmp_path / "logs" / "run" / "metrics.jsonl", lines=True)
    for correct, accuracy in table[["correct", "accuracy"]].dropna().itertuples(index=False):
        assert sum(correct) / len(correct) == pytest.approx(accuracy, abs=1e-4)
        assert set(correct) <= {0, 1}


def test_a_run_of_an_earlier_version_continues_and_its_outcomes_become_lists(tmp_path):
    options = toy.options(tmp_path)
    assert main.main(options) == 0
    path = tmp_path / "logs" / "run" / "metrics.jsonl"
    new = path.read_bytes()
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        if "correct" in event:
            event["correct"] = "".join(map(str, event["correct"]))
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert main.main([*options, "--replay_only"]) == 0
    assert path.read_bytes() == new


def test_a_line_of_metrics_may_contain_other_separators_than_newlines(folder):
    path = folder / "metrics.jsonl"
    path.write_text(path.read_text() + '{"event": "note", "text": "one\u2028two\u0085three"}\n', encoding="utf-8-sig")
    assert load_run(folder).events[-1]["text"] == "one\u2028two\nthree"
