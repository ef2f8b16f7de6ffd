"""Accuracy against communication, as rows and as a chart."""

import toy

import main
from utils.report.communication_chart import communication_chart, communication_rows
from utils.report.export import metric_rows
from utils.report.runs import load_run


def test_rows_have_the_tokens_sent_until_each_round_and_the_validation_accuracy(tmp_path):
    assert main.main(toy.options(tmp_path)) == 0
    run = load_run(tmp_path / "logs" / "run")
    start, first, last = communication_rows(run)
    total = run.results["communication"]["total"]
    assert (start["tokens"], start["bytes"]) == (0, 0) and 0 < first["tokens"] < last["tokens"]
    assert last["tokens"] == total["down_tokens"] + total["up_tokens"]
    assert last["bytes"] == total["down_bytes"] + total["up_bytes"]
    assert last["accuracy"] == run.results["rounds"][2]["validation"]["mean"]["value"]
    numbers = {row["metric"]: row["value"] for row in metric_rows([run])}
    assert numbers["up_tokens"] == total["up_tokens"] and numbers["down_bytes_until_round2"] == total["down_bytes"]
    (line,) = communication_chart({"run": run}).series
    assert [point[0] for point in line.points] == [0, first["tokens"], last["tokens"]]
    assert line.points[2][1:] == (last["accuracy"], last["low"], last["high"])


def test_a_run_without_communication_has_no_rows(tmp_path):
    assert main.main(toy.options(tmp_path, "--aggregate_method", "none", "--rounds", "1")) == 0
    run = load_run(tmp_path / "logs" / "run")
    assert communication_rows(run) == [] and not communication_chart({"run": run})
