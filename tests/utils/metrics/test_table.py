"""The table of metrics: names, labels, and a metric that a user adds."""

import csv
import json
import subprocess
import sys

import pytest
import toy
from scratch_copy import changed_files, copy_project, readme_example, run_in

from utils.metrics.table import LATEX, METRICS, find_metric, label_of, metrics_of, metrics_shown_in


def test_keys_are_unique_and_those_of_the_published_code_are_there():
    keys = [metric.key for metric in metrics_of(["gpt-4o"])]
    assert len(set(keys)) == len(keys)
    assert {
        "0shot_eval_engine_test_acc",
        "0shot_test_engine_test_acc",
        "0shot_test_engine_validation_acc",
        "best_validation_acc",
        "best_agg_val_acc",
        "last_test_acc",
        "best_test_acc",
        "transfer_gpt-4o_initial_test_acc",
        "transfer_gpt-4o_best_test_acc",
    } <= set(keys)


def test_latex_shows_initial_and_best_test_accuracy():
    assert [metric.heading for metric in metrics_shown_in(LATEX)] == ["initial, test", "best, test"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_name_is_split_into_task_and_metric(metric):
    assert find_metric(metric.key) == (metric, "")
    assert find_metric(f"BBH_object_counting_{metric.key}") == (metric, "BBH_object_counting")


def test_labels_name_the_task_and_the_engine():
    assert label_of("best_test_acc") == "test engine, best prompt, test"
    assert label_of("RG_gcd_best_test_acc") == "test engine, best prompt, test (RG_gcd)"
    assert label_of("transfer_gpt-4o_best_test_acc") == "transfer to gpt-4o, best prompt, test"
    assert label_of("RG_gcd_transfer_gpt-4o_best_test_acc") == "transfer to gpt-4o, best prompt, test (RG_gcd)"
    assert label_of("unknown") == "unknown"


def test_the_example_of_the_readme_shows_up_in_results_report_and_csv(tmp_path):
    project = copy_project(tmp_path / "project")
    path, example = readme_example("utils/metrics/README.md")
    with open(project / path, "a", encoding="utf-8") as table:
        table.write("\n\n" + example)
    finished = run_in(project, *toy.options(tmp_path), "--log_dir", "logs")
    assert finished.returncode == 0, finished.stderr
    assert changed_files(project) == [path], "a metric changes one file"
    label = "sampled clients whose upload arrived"
    assert label in finished.stdout
    folder = project / "logs" / "run"
    metric = json.loads((folder / "results.json").read_text())["metrics"]["upload_rate"]
    assert metric["value"] == 1.0 and metric["n"] == 6
    page = (folder / "report.html").read_text()
    assert f">{label}</td>" in page and ">upload_rate</td>" in page
    report = subprocess.run(
        [sys.executable, "-m", "utils.report", str(folder)], cwd=project, capture_output=True, text=True
    )
    assert report.returncode == 0, report.stderr
    rows = list(csv.DictReader((folder / "report.csv").read_text().splitlines()))
    assert [row["value"] for row in rows if row["metric"] == "upload_rate"] == ["1.0"]
