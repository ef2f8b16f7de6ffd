"""Results of a run: paired tests, retention, leaks, complexity, and the isolation of test questions."""

import json

import pytest
import toy

import main
from utils.metrics.statistics import compare
from utils.report.__main__ import main as report
from utils.run_log import ledger

pytestmark = pytest.mark.slow


def results_of(tmp_path, *more, name="run", **kwargs):
    assert main.run(toy.config(tmp_path, "--run_name", name, *more, **kwargs)) == 0
    folder = tmp_path / "logs" / name
    return folder, json.loads((folder / "results.json").read_text())


def events(folder, kind):
    return [
        event
        for event in map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
        if event["event"] == kind
    ]


def test_the_best_prompt_is_compared_with_the_initial_one_on_the_same_questions(tmp_path):
    folder, results = results_of(tmp_path)
    sides = {event["of"]: event["correct"] for event in events(folder, "evaluation") if event["split"] == "test"}
    before, after = ({index: int(right) for index, right in enumerate(sides[name])} for name in ("initial", "best"))
    (found,) = results["comparisons"]
    assert {key: found[key] for key in compare(before, after).as_json()} == compare(before, after).as_json()
    assert results["detectable"]["n"] == 10


def test_several_tasks_are_compared_together_and_one_by_one(tmp_path):
    tasks = [toy.task_file(tmp_path, "first", [1]), toy.task_file(tmp_path, "second", [2], seed=1)]
    _, results = results_of(tmp_path, module="train_hetero_fed", tasks=tasks)
    assert [(each["task"], each["n"]) for each in results["comparisons"]] == [
        ("all tasks", 20),
        ("first", 10),
        ("second", 10),
    ]
    assert set(results["data"]) == {"first", "second"}


def test_in_local_only_training_each_client_is_compared_separately(tmp_path):
    _, results = results_of(tmp_path, "--aggregate_method", "none")
    assert [each["client"] for each in results["comparisons"]] == [0, 1, 2]
    assert all(each["n"] == 10 for each in results["comparisons"])


@pytest.mark.parametrize("module", ["train_homo_fed", "train_hetero_fed"])
def test_local_only_training_is_judged_by_the_mean_over_its_clients(tmp_path, capsys, module):
    tasks = [toy.task_file(tmp_path, name) for name in ("first", "second")[: 1 + (module == "train_hetero_fed")]]
    folder, results = results_of(
        tmp_path, "--aggregate_method", "none", "--clients_per_task", "2", module=module, tasks=tasks
    )
    clients = 3 if module == "train_homo_fed" else 4
    mean = results["mean_comparisons"][0]
    own = [each for each in results["comparisons"] if each["task"] == mean["task"]]
    assert mean["clients"] == len(own) == clients and mean["n"] == own[0]["n"]
    assert mean["difference"] == pytest.approx(sum(each["difference"] for each in own) / clients, abs=1e-4)
    shown = capsys.readouterr().out
    assert f"the best prompts of the clients (round {results['best_round']}) " in shown
    assert shown.count("best prompt against initial prompt (client ") == len(results["comparisons"])
    page = (folder / "report.html").read_text()
    assert f'class="verdict">Best prompt against initial prompt, mean over {clients} clients: ' in page
    assert page.count('class="verdict"') == 1
    report([str(folder.parent)])
    assert f"(mean over {clients} clients)" in (folder.parent / "index.html").read_text()


def test_best_and_last_prompt_of_local_only_training_name_their_clients(tmp_path):
    folder, results = results_of(tmp_path, "--aggregate_method", "none")
    for name, number in (("best", results["best_round"]), ("last", 2)):
        text = (folder / "prompts" / f"{name}.txt").read_text()
        assert results["prompts"][name] == text
        for client in range(3):
            path = folder / "prompts" / f"round{number:02d}_client{client:02d}_own.txt"
            own = path.read_text() if path.exists() else results["prompts"]["initial"]
            assert f"# client {client}\n\n{own}" in text


def test_a_report_of_an_earlier_version_names_each_client(tmp_path):
    folder, results = results_of(tmp_path, "--aggregate_method", "none")
    del results["mean_comparisons"]
    (folder / "results.json").write_text(json.dumps(results))
    report([str(folder)])
    page = (folder / "report.html").read_text()
    assert all(f'class="verdict">Best prompt against initial prompt, client {n}: ' in page for n in range(3))


def test_test_questions_do_not_influence_any_choice(tmp_path):
    folder, results = results_of(tmp_path)
    other, changed = results_of(tmp_path, "--test_size", "3", name="other")
    assert results["data"]["sums"]["test_id"] != changed["data"]["sums"]["test_id"]
    assert changed["best_round"] == results["best_round"] and changed["prompts"] == results["prompts"]
    for path in (folder / "prompts").iterdir():
        assert (other / "prompts" / path.name).read_bytes() == path.read_bytes()


def test_instructions_lost_in_a_merge_are_listed_with_round_and_client(tmp_path):
    folder, results = results_of(tmp_path, "--min_retention", "0", engine="simulated:topics=4,forget=1,base=0")
    assert results["lost_instructions"], "a merge that forgets all lessons lost some"
    row = results["lost_instructions"][0]
    upload = (folder / "prompts" / f"round{row['round']:02d}_client{row['client']:02d}_upload.txt").read_text()
    merged = (folder / "prompts" / f"round{row['round']:02d}_merged.txt").read_text()
    assert row["instruction"] in upload and row["instruction"] not in merged
    clients = results["rounds"][row["round"]]["retention"]["clients"]
    assert clients[str(row["client"])]["lost"] > 0
    assert events(folder, "round")[row["round"] - 1]["retention"]["clients"] == clients


def test_density_is_measured_for_uploads_concatenation_and_global_prompt(tmp_path):
    _, results = results_of(tmp_path)
    start, first, _ = results["complexity"]
    assert start["uploads"] == {} and "concatenation" not in start
    assert set(first["uploads"]) == {"0", "1", "2"}
    for measured in (*first["uploads"].values(), first["concatenation"], *first["prompts"]):
        assert measured["tokens"] > 0 and measured["entropy"] > 0 and measured["mean_tf_idf"] > 0
        assert "surprisal_mean" not in measured
    assert first["concatenation"]["tokens"] > max(own["tokens"] for own in first["uploads"].values())


def test_the_best_prompt_can_be_tested_on_another_engine(tmp_path):
    _, results = results_of(tmp_path, "--transfer_engine", "simulated:topics=4,base=1")
    name = "transfer_simulated:topics=4,base=1_best_test_acc"
    assert results["metrics"][name]["value"] == 1.0 and results["metrics"][name]["n"] == 10
    assert [each["of"] for each in results["comparisons"]][1].endswith("on simulated:topics=4,base=1")
    assert results["usage"]["transfer"]["calls"] > 0


def lines_with(folder, canary):
    """Return the files of a run that contain a text, except the client's own steps and calls."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name != "calls.sqlite"
        and "_step" not in path.name
        and canary.encode() in path.read_bytes().replace(b"&#x27;", b"'")
    ]


@pytest.mark.parametrize("mode", ["warn", "redact", "paraphrase", "block"])
def test_planted_private_text_leaves_no_client_unless_the_guard_only_warns(tmp_path, monkeypatch, mode):
    """An engine that copies a client's private code into every rewrite: a canary."""
    canary = "QX7-4491-ZEBULON"
    path = toy.task_file(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["question"] += f" Ticket {canary}."
    path.write_text("\n".join(map(json.dumps, lines)))
    from textgrad.engine import simulated

    plain = simulated._rewrite
    monkeypatch.setattr(
        simulated,
        "_rewrite",
        lambda content, draw: plain(content, draw).replace(
            "</IMPROVED_VARIABLE>", f"Remember the ticket {canary}.\n</IMPROVED_VARIABLE>"
        ),
    )
    seen = []
    complete = simulated.SimulatedEngine.complete
    monkeypatch.setattr(
        simulated.SimulatedEngine,
        "complete",
        lambda self, messages, sampling: (seen.append(messages), complete(self, messages, sampling))[1],
    )
    folder, results = results_of(tmp_path, "--leak_guard", mode, tasks=[path])
    leaks = [leak for done in results["rounds"] for leak in done["leaks"].values()]
    assert len(leaks) == 6 and all(leak["level"] == "leak" for leak in leaks[:3])
    merges = [messages[-1]["content"] for messages in seen if "<PROMPT client=" in messages[-1]["content"]]
    uploads = [file.read_text() for file in (folder / "prompts").glob("*_upload.txt")]
    if mode == "warn":
        assert any(canary in upload for upload in uploads) and leaks[0]["guard"] == "warned"
        return
    action = {"redact": "redacted", "paraphrase": "paraphrased", "block": "blocked"}[mode]
    assert {leak["guard"] for leak in leaks} == {action}
    assert not any("ZEBULON" in text or "4491" in text for text in [*uploads, *merges, *results["prompts"].values()])
    assert lines_with(folder, "ZEBULON") == []
    if mode == "block":
        assert set(uploads) == {results["prompts"]["initial"]}
    assert ledger.verify(folder) == (2, None)


def test_verdicts_that_cannot_be_read_are_counted_stored_and_printed(tmp_path, monkeypatch, capsys):
    _, results = results_of(tmp_path, "--judge", "llm", name="readable")
    assert results["unreadable_verdicts"] == {"sums": 0} and "could not be read" not in capsys.readouterr().out
    monkeypatch.setattr("textgrad.engine.simulated._verdict", lambda content: "<ACCURACY> perhaps </ACCURACY>")
    folder, results = results_of(tmp_path, "--judge", "llm")
    count = results["unreadable_verdicts"]["sums"]
    assert count >= 18 and results["metrics"]["0shot_test_engine_test_acc"]["value"] == 0
    line = f"verdicts of the judge that could not be read and count as wrong: {count} of sums"
    assert line in capsys.readouterr().out and line in (folder / "run.log").read_text()
