"""Settings with several seeds in one report: means over seeds, and differences seed by seed."""

import csv
import dataclasses
import json
import shutil

import generated_runs
import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.report import groups
from utils.report.__main__ import main as report
from utils.report.seed_charts import seed_charts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Federated and centralized training with three seeds each, on the same questions."""
    parent = tmp_path_factory.mktemp("seeds")
    for name, module in (("federated", "train_homo_fed"), ("central", "train_centralized")):
        assert main.run(toy.config(parent, "--run_name", name, "--repeats", "3", module=module)) == 0
    return parent / "logs"


def with_scores(group, values):
    """Return the group with these test accuracies of its best prompts."""

    def scored(run, value):
        metrics = run.results["metrics"] | {"best_test_acc": {"value": value, "n": 10, "ci95": [0.0, 1.0]}}
        return dataclasses.replace(run, results=run.results | {"metrics": metrics})

    return dataclasses.replace(group, runs=[scored(run, value) for run, value in zip(group.runs, values, strict=True)])


def test_settings_are_compared_seed_by_seed(settings):
    first, second = (groups.load_group(settings / name) for name in ("central", "federated"))
    spread = groups.difference(with_scores(first, (0.1, 0.5, 0.3)), with_scores(second, (0.4, 0.8, 0.6)))
    assert spread.mean == pytest.approx(0.3) and spread.sd == pytest.approx(0.0) and spread.n == 3
    assert groups.verdict(spread).startswith("+0.300")
    noise = groups.verdict(groups.difference(with_scores(first, (0.1, 0.5, 0.3)), with_scores(second, (0.5, 0.1, 0.4))))
    assert noise.startswith("not distinguishable from noise: +0.033")
    assert groups.difference(first, dataclasses.replace(second, runs=[])) is None


def test_a_report_of_settings_shows_means_and_each_seed(settings, tmp_path, capsys):
    assert report([str(settings / "central"), str(settings / "federated"), "-o", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "federated: best, test" in output and "3 seeds" in output
    assert "federated/seed43 against central/seed43" in output and "not compared" not in output
    page, table = (tmp_path / "report.html").read_text(), (tmp_path / "report.csv").read_text()
    assert "Over seeds" in page and "federated/seed42" in page
    mean = json.loads((settings / "federated" / "repeats.json").read_text())["metrics"]["best_test_acc"]
    row = next(line for line in table.splitlines() if line.startswith("federated (mean over seeds),best_test_acc,"))
    assert row.split(",")[2:] == [str(value) for value in (mean["mean"], 3, *mean["ci95"])]
    assert r"central (mean over seeds) &" in (tmp_path / "report.tex").read_text()


def test_the_report_of_one_setting_can_be_written_again(settings, capsys):
    page = settings / "federated" / "report.html"
    before = page.read_text()
    page.unlink()
    assert report([str(settings / "federated")]) == 0 and "over 3 seeds" in capsys.readouterr().out
    assert page.read_text() == before


def test_no_interval_of_an_accuracy_leaves_its_limits(settings, tmp_path, capsys):
    """The second folder is as an earlier version wrote it."""
    folders = [shutil.copytree(settings / name, tmp_path / name) for name in ("central", "federated")]
    for folder in folders:
        for seed, value in zip((42, 43, 44), (0.9, 1.0, 1.0), strict=True):
            path = folder / f"seed{seed}" / "results.json"
            results = json.loads(path.read_text())
            results["metrics"]["best_test_acc"]["value"] = value
            path.write_text(json.dumps(results))
    old = json.loads((folders[1] / "repeats.json").read_text())
    old["metrics"]["best_test_acc"] |= {"mean": 0.9667, "ci95": [0.8232, 1.1101]}
    (folders[1] / "repeats.json").write_text(json.dumps(old))
    assert report([*map(str, folders), "-o", str(tmp_path / "both")]) == 0
    assert report([str(folders[0])]) == 0 and "[0.823, 1.000]" in capsys.readouterr().out
    for row in csv.DictReader((tmp_path / "both" / "report.csv").read_text().splitlines()):
        if row["metric"].startswith(("up_", "down_")):  # numbers of messages, tokens and bytes
            continue
        low, high = float(row["low"]), float(row["high"])
        assert (-1 if "gain" in row["metric"] else 0) <= low <= high <= 1, row
    texts = [(tmp_path / "both" / name).read_text() for name in ("report.html", "report.tex")]
    assert all("1.11" not in text and "[0.82, 1.00]" in text for text in texts)


def test_an_unreadable_group_is_a_one_line_error(tmp_path):
    (tmp_path / "repeats.json").write_text("{}")
    with pytest.raises(UsageError, match="repeats.json"):
        groups.load_group(tmp_path)


def test_single_runs_of_one_setting_become_a_group(tmp_path):
    options = {"a": {"seed": 1}, "b": {"seed": 2}, "c": {"seed": 2}, "d": {"seed": 1, "batch_size": 9}}
    folders = [generated_runs.write_run(tmp_path / name, {}, **each) for name, each in options.items()]
    folders.append(generated_runs.write_run(tmp_path / "stopped", {"status": "incomplete"}, seed=3))
    runs, found = groups.load_several(folders)
    assert [run.name for run in runs] == ["a", "b", "c", "d", "stopped"]
    assert [(group.name, [run.name for run in group.runs]) for group in found] == [("a and 1 more seed", ["a", "b"])]


def test_chosen_seeds_of_a_setting_have_its_name_and_become_a_group(settings, tmp_path):
    folders = [settings / "federated" / "seed42", settings / "federated" / "seed44", settings / "central" / "seed42"]
    runs, (group,) = groups.load_several(folders)
    assert [run.name for run in runs] == ["federated/seed42", "federated/seed44", "central/seed42"]
    assert group.name == "federated" and group.runs == runs[:2]
    assert report([*map(str, folders), "-o", str(tmp_path)]) == 0
    bars = (tmp_path / "figures" / "best_test.svg").read_text()
    assert "federated (mean over seeds)" in bars and "central/seed42" in bars and "federated/seed42" not in bars


def test_the_chart_over_seeds_has_the_mean_and_students_interval_of_each_round(settings):
    (chart,) = seed_charts([groups.load_group(settings / name) for name in ("central", "federated")])
    assert [series.name for series in chart.series] == ["central", "federated"]
    values = [0.2, 0.4, 0.9]
    group = groups.load_group(settings / "central")
    for run, value in zip(group.runs, values, strict=True):
        run.results["rounds"][1]["validation"]["mean"]["value"] = value
    number, *point = seed_charts([group])[0].series[0].points[1]
    assert number == 1 and point == pytest.approx([0.5, 0.0, 1.0]), "sd 0.36, n = 3: beyond both limits"


def test_a_chart_with_more_settings_than_colors_tells_how_many_are_left_out(settings):
    group = groups.load_group(settings / "central")
    (chart,) = seed_charts([group] * 10)
    assert len(chart.series) == 10 and chart.hidden_count == 2
