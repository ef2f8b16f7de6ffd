"""Charts of a run and of several runs: what they show, and how they say what they leave out."""

from utils.report import accuracy_charts
from utils.report.charts import comparison_charts, run_charts
from utils.report.runs import Run


def estimate(value, n=10):
    return {"value": value, "n": n, "ci95": [round(max(0, value - 0.2), 4), min(1, value + 0.2)]}


def finished_run(tmp_path, name="run", values=(0.3, 0.8, 0.6), clients=3, tasks=("t",), counts=None, **options):
    """Return a run with these validation accuracies by round; round 1 is the best."""
    rounds = [
        {
            "round": number,
            "validation": {task: estimate(value) for task in (*tasks, "mean")},
            "prompts": ["p"],
            "prompt_tokens": [9],
            "uploads": {},
        }
        for number, value in enumerate(values)
    ]
    row = {
        "best_prompt_on_own_validation": estimate(0.9),
        "batch_accuracy_before": estimate(0.2),
        "batch_accuracy_after": estimate(0.4),
    }
    tested = {"0shot_test_engine_test_acc": 0.3, "best_test_acc": 0.7, "last_test_acc": 0.6}
    results = {
        "rounds": rounds,
        "best_round": 1,
        "metrics": {key: estimate(value) for key, value in tested.items()},
        "clients": {str(number): row for number in range(clients)},
        "usage": {"test": {"calls": 3, "prompt_tokens": 1, "completion_tokens": 1}},
        "simulated": True,
    }
    partition = {"by": "class", "clients": {str(n): {"counts": counts or {"a": 2}} for n in range(clients)}}
    options = {"module": "train_homo_fed", "aggregate_method": "union", "task": list(tasks), **options}
    return Run(tmp_path / name, results, {"options": options, "data": {}, "engines": {}}, [], partition)


def charts_of(run):
    return {chart.name: chart for chart in run_charts(run) if chart}


def test_validation_has_whiskers_the_initial_prompt_as_a_line_and_the_best_round_as_a_hollow_mark(tmp_path):
    chart = charts_of(finished_run(tmp_path))["accuracy"]
    (series,) = chart.series
    assert series.points == [(0, 0.3, 0.1, 0.5), (1, 0.8, 0.6, 1), (2, 0.6, 0.4, 0.8)]
    assert (chart.reference, chart.ring, series.rings) == (("initial prompt", 0.3), "best round", [(1, 0.8)])
    assert (chart.x_label, chart.y_label, chart.limit) == ("round", "validation accuracy", 1.0)


def test_the_test_accuracy_of_the_initial_best_and_last_prompt_has_whiskers(tmp_path):
    chart = charts_of(finished_run(tmp_path))["test"]
    (series,) = chart.series
    assert chart.tick_labels == ("initial", "best", "last") and not series.joined
    assert [point[:2] for point in series.points] == [(0, 0.3), (1, 0.7), (2, 0.6)]
    assert all(len(point) == 4 for point in series.points)


def test_a_run_without_test_scores_has_no_chart_of_them(tmp_path):
    run = finished_run(tmp_path)
    run.results["metrics"].clear()
    assert "test" not in charts_of(run)


def test_baselines_are_named_in_validation_and_test(tmp_path, monkeypatch):
    baseline = finished_run(tmp_path, "alone", values=(0.3, 0.4), aggregate_method="none")
    monkeypatch.setattr(accuracy_charts, "baselines_of", lambda run: {"local-only": baseline})
    charts = charts_of(finished_run(tmp_path))
    for name in ("accuracy", "test"):
        assert [series.name for series in charts[name].series] == ["this run, federated", "local-only, alone"]
    assert [point[1] for point in charts["accuracy"].series[1].points] == [0.3, 0.4]


def test_validation_by_task_is_drawn_if_there_are_several(tmp_path):
    chart = charts_of(finished_run(tmp_path, tasks=("t", "u")))["tasks"]
    assert [series.name for series in chart.series] == ["t", "u"]
    assert "tasks" not in charts_of(finished_run(tmp_path))


def test_charts_by_client_say_how_many_clients_they_show(tmp_path):
    charts = charts_of(finished_run(tmp_path, clients=1200))
    assert charts["partition"].x_label == charts["clients"].x_label == "client (first 20 of 1,200)"
    assert len(charts["partition"].xs) == len(charts["clients"].xs) == 20
    assert charts_of(finished_run(tmp_path, clients=20))["clients"].x_label == "client"


def test_the_rarest_classes_share_the_last_color_and_no_question_is_lost(tmp_path):
    counts = {f"up to {n}": 20 - n for n in range(1, 13)}
    chart = charts_of(finished_run(tmp_path, counts=counts))["partition"]
    names = [name for name, _ in chart.parts]
    assert names == [*(f"up to {n}" for n in range(1, 8)), "5 others"]
    assert [sum(heights) for heights in zip(*(heights for _, heights in chart.parts), strict=True)] == [
        sum(counts.values())
    ] * 3


def test_a_comparison_has_whiskers_and_says_how_many_runs_it_leaves_out(tmp_path):
    runs = [finished_run(tmp_path, f"run {number} with a long name") for number in range(30)]
    rows = [
        {"run": run.name, "metric": "best_test_acc", "value": 0.7, "n": 10, "low": 0.5, "high": 0.9} for run in runs
    ]
    bars, _, validation, _ = comparison_charts(runs, rows)
    assert bars.rows[0] == ("run 0 with a long name: 0.700 [0.50, 0.90]", 0.7, 0.5, 0.9)
    assert len(bars.rows) == 24 and bars.x_label == "test accuracy (first 24 of 30 runs)"
    assert validation.hidden_count == 22 and all(series.has_intervals for series in validation.shown_series)
