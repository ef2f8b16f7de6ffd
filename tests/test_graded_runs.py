"""Runs whose answers have graded scores: a user's own metric, from the command line to the report."""

import json

import pytest
import toy
from scratch_copy import readme_example

import main
from utils.metrics.paired import compare, flip_signs
from utils.report.__main__ import main as report

pytestmark = pytest.mark.slow


@pytest.fixture
def metric(tmp_path):
    """The metric of textgrad/tasks/README.md: closeness of two numbers."""
    path, code = readme_example("textgrad/tasks/README.md", "metric.py")
    assert len(code.strip().splitlines()) <= 10
    (tmp_path / path).write_text(code)
    return tmp_path / path


def run(tmp_path, metric, *more, **kwargs):
    assert main.run(toy.config(tmp_path, "--scorer", f"{metric}:score", "--test_size", "18", *more, **kwargs)) == 0
    folder = tmp_path / "logs" / "run"
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return folder, json.loads((folder / "results.json").read_text()), events


def test_results_have_mean_scores_with_bootstrap_intervals_and_a_permutation_test(tmp_path, metric, capsys):
    folder, results, events = run(tmp_path, metric, engine="simulated:topics=4,base=0.2")
    tests = {
        each["of"]: each["correct"] for each in events if each["event"] == "evaluation" and each["split"] == "test"
    }
    before, after = tests["initial"], tests["best"]
    assert any(0 < score < 1 for score in before) and {type(score) for score in before if score in (0, 1)} == {int}
    for key, scores in (("0shot_test_engine_test_acc", before), ("best_test_acc", after)):
        found = results["metrics"][key]
        assert found["value"] == pytest.approx(sum(scores) / 18, abs=1e-4) and found["n"] == 18
        assert found["ci95"][0] < found["value"] < found["ci95"][1]
    (comparison,) = results["comparisons"]
    expected = compare(dict(enumerate(before)), dict(enumerate(after)))
    assert (
        comparison["difference"] == pytest.approx(sum(after) / 18 - sum(before) / 18, abs=1e-4)
        and comparison["n"] == 18
    )
    changes = [new - old for old, new in zip(before, after, strict=True)]
    assert comparison["p_value"] == pytest.approx(flip_signs(changes), rel=1e-3) and comparison["p_value"] < 0.05
    assert comparison["verdict"] == expected.verdict
    assert results["data"]["sums"]["scorer"] == "metric.py:score (graded)"
    assert "scorer: metric.py:score (graded)" in capsys.readouterr().out
    steps = [each for each in events if each["event"] == "step"]
    assert any(not (each["before"] * each["n"]).is_integer() for each in steps), "minibatches have mean scores too"
    pooled = results["clients"]["0"]["batch_accuracy_before"]
    own = [(each["before"], each["n"]) for each in steps if each["client"] == 0]
    assert pooled["value"] == pytest.approx(sum(share * n for share, n in own) / sum(n for _, n in own), abs=1e-4)
    page = (folder / "report.html").read_text()
    assert "permutation test" in page and "McNemar" not in page
    report([str(folder)])


def test_a_graded_run_repeats_byte_for_byte_and_resumes_only_with_the_same_metric(tmp_path, metric, capsys):
    folder, _, _ = run(tmp_path, metric)
    first = toy.story(folder)
    run(tmp_path, metric, "--replay_only")
    assert toy.story(folder) == first
    metric.write_text(metric.read_text() + "# changed\n")
    assert main.run(toy.config(tmp_path, "--scorer", f"{metric}:score", "--test_size", "18")) == 2
    assert "the file with the scorer of sums has changed since the run began" in capsys.readouterr().err


def test_the_metric_replaces_the_scorer_of_any_task(tmp_path, metric):
    metric.write_text("def score(question, prediction, answer): return (0.5, 'half') if question else 0")
    options = ("--train_size", "9", "--val_size", "4", "--test_size", "4")
    _, results, _ = run(tmp_path, metric, *options, tasks=["RULES_tickets"])
    assert results["metrics"]["best_test_acc"]["value"] == 0.5


@pytest.mark.parametrize(
    "scorer, cause",
    [
        ("missing.py:score", "cannot read --scorer missing.py:score: No such file"),
        ("metric.py:other", "metric.py:other has no such function"),
        ("metric.py", "a metric is named as file.py:function"),
        ("metrics", "unknown scorer 'metrics'"),
        ("broken.py:score", "the file cannot be imported: ZeroDivisionError"),
        ("wrong.py:score", "--scorer wrong.py:score returned 7: expected a score from 0 to 1"),
        ("fails.py:score", "--scorer fails.py:score failed: KeyError: 'x' (line 1)"),
    ],
)
def test_a_wrong_metric_ends_the_run_with_one_line(tmp_path, metric, monkeypatch, capsys, scorer, cause):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "wrong.py").write_text("def score(prediction, answer): return 7")
    (tmp_path / "fails.py").write_text("def score(prediction, answer): return {}['x']")
    assert main.main(toy.options(tmp_path, "--scorer", scorer)) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "scorer" in line]
    assert cause in line and "Traceback" not in line
