"""Reports: complete, offline and escaped pages; paired tests only for runs on the same questions."""

import json
import re
import shlex
import shutil
from html.parser import HTMLParser

import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.report.__main__ import comparison_folder
from utils.report.__main__ import main as report
from utils.report.export import as_csv, as_latex, metric_rows
from utils.report.paired import paired
from utils.report.runs import load_run
from utils.report.tables import command

_VOID = {"meta", "link", "br", "img", "input"}


class Tags(HTMLParser):
    """Assert that tags are closed in order; collect addresses and the names of tags."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.seen = [], [], set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def trained(tmp_path, name, *options, **kwargs):
    assert main.run(toy.config(tmp_path, "--run_name", name, *options, **kwargs)) == 0
    return tmp_path / "logs" / name


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on the same questions, one local-only, one with other questions, one from a hostile prompt."""
    folder = tmp_path_factory.mktemp("runs")
    hostile = "Add. <script>alert(1)</script> & </pre></body> \\LaTeX_{$"
    return {
        "federated": trained(folder, "federated"),
        "central": trained(folder, "central", module="train_centralized"),
        "local_only": trained(folder, "local_only", "--aggregate_method", "none"),
        "fewer": trained(folder, "fewer", "--test_size", "6"),
        "hostile": trained(folder, "hostile_<b>", "--initial_prompt", hostile, "--leak_guard", "redact"),
    }


@pytest.mark.parametrize("name", ["federated", "local_only", "hostile"])
def test_a_page_is_complete_and_needs_no_network(runs, name):
    text = (runs[name] / "report.html").read_text()
    page = Tags(text)
    assert all(address.startswith(("data:", "calls.html")) for address in page.addresses)
    assert not re.search(r"https?://|@import|url\(", text)
    assert "script" not in page.seen and {"svg", "table", "details", "ins"} - page.seen <= {"ins"}
    assert text.isascii() or 'charset="utf-8"' in text


@pytest.mark.parametrize("name", ["federated", "central", "local_only", "hostile"])
def test_every_figure_of_the_page_is_a_file_too(runs, name, tmp_path):
    from matplotlib.image import imread

    drawn = (runs[name] / "report.html").read_text().count("<figure>")
    report([str(runs[name]), "-o", str(tmp_path)])
    for folder, kinds in ((runs[name], {".svg"}), (tmp_path, {".svg", ".png", ".pdf"})):
        files = sorted((folder / "figures").iterdir())
        names = {path.stem for path in files}
        assert len(names) == drawn and names >= {"accuracy", "test", "acceptance", "calls"}
        assert {path.name for path in files} == {name + kind for name in names for kind in kinds}
    for path in (tmp_path / "figures").glob("*.png"):
        assert imread(path)[..., :3].std() > 0.05, "not blank"


def test_the_partition_is_drawn_only_if_there_are_several_clients(runs):
    assert (runs["federated"] / "figures" / "partition.svg").exists()
    assert "Training data by" in (runs["federated"] / "report.html").read_text()
    assert not (runs["central"] / "figures" / "partition.svg").exists()


def test_a_report_shows_the_baselines_in_the_same_folder(runs, tmp_path):
    report([str(runs["federated"]), "-o", str(tmp_path)])
    for name in ("accuracy", "test"):
        figure = (tmp_path / "figures" / f"{name}.svg").read_text()
        assert all(text in figure for text in ("this run, federated", "local-only, local_only", "centralized, central"))


def test_html_in_a_prompt_is_shown_and_never_executed(runs):
    text = (runs["hostile"] / "report.html").read_text()
    assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "hostile_&lt;b&gt;" in text and "hostile_<b>" not in text


def test_runs_on_the_same_questions_are_compared_question_by_question(runs):
    federated, central = load_run(runs["federated"]), load_run(runs["central"])
    (found,) = paired([central, federated])
    before, after = central.correct("best")[0], federated.correct("best")[0]
    assert len(before) == 10 and found["n"] == 10
    assert found["gained"] == sum(after[key] > before[key] for key in before)
    assert found["lost"] == sum(after[key] < before[key] for key in before)
    assert "noise" in found["verdict"] or "better" in found["verdict"] or "worse" in found["verdict"]


def test_each_client_prompt_of_local_only_training_is_compared(runs):
    found = list(paired([load_run(runs["federated"]), load_run(runs["local_only"])]))
    assert [each["second"] for each in found] == [
        "local_only, client 0",
        "local_only, client 1",
        "local_only, client 2",
    ]


def test_runs_on_different_questions_are_not_compared_and_the_reason_is_given(runs, tmp_path):
    (found,) = paired([load_run(runs["federated"]), load_run(runs["fewer"])])
    assert "verdict" not in found and "test questions" in found["why_not"]
    other = tmp_path / "other_seed"
    shutil.copytree(runs["federated"], other)
    config = json.loads((other / "config.json").read_text())
    config["options"]["seed"] = 7
    (other / "config.json").write_text(json.dumps(config))
    (found,) = paired([load_run(runs["federated"]), load_run(other)])
    assert "seeds: 42 and 7" in found["why_not"]


def test_the_command_line_writes_a_page_csv_and_latex_for_several_runs(runs, tmp_path, capsys):
    assert report([str(runs["federated"]), str(runs["central"]), str(runs["hostile"]), "-o", str(tmp_path)]) == 0
    assert "central against federated" in capsys.readouterr().out
    Tags((tmp_path / "report.html").read_text())
    lines = (tmp_path / "report.csv").read_text().splitlines()
    assert lines[0] == "run,metric,value,n,low,high"
    assert sum(line.startswith("federated,best_test_acc,") for line in lines) == 1
    assert r"\toprule" in (tmp_path / "report.tex").read_text()


def test_latex_escapes_special_characters(runs):
    table = metric_rows([load_run(runs["hostile"])])
    assert r"hostile\_<b>" in as_latex(table) and "hostile_<b>" in as_csv(table)


def test_a_folder_of_runs_becomes_a_table_of_links(runs):
    folder = runs["federated"].parent
    assert report([str(folder)]) == 0
    page = Tags((folder / "index.html").read_text())
    assert "federated/report.html" in page.addresses and "button" in page.seen


def test_a_folder_without_a_run_is_a_one_line_error(tmp_path, capsys):
    assert report([str(tmp_path)]) == 2 and "holds no run" in capsys.readouterr().err
    assert report([str(tmp_path / "absent")]) == 2
    with pytest.raises(UsageError, match="results.json"):
        load_run(tmp_path)


def test_the_command_in_a_report_gives_the_same_configuration(runs):
    from utils.config import parse

    options = load_run(runs["hostile"]).options
    again = vars(parse(shlex.split(" ".join(command(options)))[2:]))
    kept = {name: list(value) if isinstance(value, tuple) else value for name, value in again.items()}
    assert {name for name in options if kept[name] != options[name]} <= {"log_dir", "run_name"}


def test_a_report_leaves_out_steps_of_guarded_clients(runs, tmp_path):
    folder = tmp_path / "guarded"
    shutil.copytree(runs["federated"], folder)
    results = json.loads((folder / "results.json").read_text())
    for record in results["rounds"]:
        for leak in record["leaks"].values():
            leak["guard"] = "redacted"
    (folder / "results.json").write_text(json.dumps(results))
    step = next((folder / "prompts").glob("round01_client00_step01*.txt"))
    step.write_text("the canary sings")
    report([str(folder)])
    assert "canary" not in (folder / "report.html").read_text()


def test_each_comparison_has_its_own_folder_beside_its_runs(runs, tmp_path, capsys):
    logs = tmp_path / "logs"
    for name, place in (("federated", "a"), ("central", "b"), ("federated", "c"), ("central", "x/a")):
        shutil.copytree(runs[name], logs / place)
    pages = {}
    for pair in (("a", "b"), ("b", "c"), ("b", "a"), ("a", "b", "c"), ("x/a", "b")):
        assert report([str(logs / name) for name in pair]) == 0
        page = logs / capsys.readouterr().out.rstrip().splitlines()[-1]
        assert page not in pages and page.parent.parent == logs
        pages[page] = page.read_text()
    assert {page: page.read_text() for page in pages} == pages
    assert report([str(logs)]) == 0
    assert all(f"{page.parent.name}/report.html" in (logs / "index.html").read_text() for page in pages)


def test_the_folder_of_a_comparison_has_a_short_name(tmp_path):
    folders = [tmp_path / f"{'x' * 60}_{number}" for number in range(20)]
    names = {comparison_folder(folders[first:]).name for first in range(19)}
    assert len(names) == 19 and max(map(len, names)) < 120
    assert comparison_folder([tmp_path / "a_vs_b", tmp_path / "c"]) != comparison_folder(
        [tmp_path / "a", tmp_path / "b_vs_c"]
    )


def test_a_replaced_report_is_told_and_that_of_another_run_is_never_replaced(runs, tmp_path, capsys):
    pair = [str(runs["federated"]), str(runs["central"]), "-o", str(tmp_path / "pair")]
    assert report(pair) == 0 and "replacing" not in capsys.readouterr().out
    assert report(pair) == 0 and f"replacing the earlier report in {tmp_path / 'pair'}" in capsys.readouterr().out
    before = (runs["central"] / "report.html").read_bytes()
    for folders in (["federated"], ["federated", "central"]):
        assert report([*(str(runs[name]) for name in folders), "-o", str(runs["central"])]) == 2
        assert "is the folder of another run" in capsys.readouterr().err
    assert (runs["central"] / "report.html").read_bytes() == before
