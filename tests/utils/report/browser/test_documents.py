"""The documents of the call browser, from a simulated run."""

import base64
import contextlib
import gzip
import json
import re
import sqlite3

import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.report.browser.documents import COLUMNS, Documents
from utils.report.browser.page import write_browser
from utils.report.runs import load_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browsed")
    assert main.main(toy.options(folder)) == 0
    return folder / "logs" / "run"


@pytest.fixture
def documents(run):
    with contextlib.closing(Documents(run)) as opened:
        yield opened


def text_after(pieces):
    return "".join(text for change, text in pieces if change.split()[-1] != "removed")


def text_before(pieces):
    return "".join(text for change, text in pieces if change.split()[-1] != "added")


def test_every_document_can_be_read_and_no_other(documents):
    paths = list(documents.paths())
    assert len(paths) == len(set(paths)) > 100
    for path in paths:
        json.dumps(documents.document(path))
    for path in ("", "step/1/0", "step/9/9/9", "merge/x", "call/none", "evaluation/99", "files", "__init__"):
        with pytest.raises(UsageError, match="no document"):
            documents.document(path)


def test_a_step_shows_its_minibatch_before_and_after_and_the_rewrite(run, documents):
    for event in documents.run.events_of("step"):
        step = documents.step(event["round"], event["client"], event["step"])
        scores = [each["before"]["score"] for each in step["questions"]]
        assert len(scores) == event["n"] and sum(scores) / event["n"] == pytest.approx(event["before"])
        if event["after"] is None or event["result"] == "unchanged":
            assert step["rewrites"] == []
            continue
        after = [each["after"][0]["score"] for each in step["questions"]]
        assert sum(after) / event["n"] == pytest.approx(event["after"])
        rejected = "" if event["accepted"] else "_rejected"
        name = f"round{event['round']:02d}_client{event['client']:02d}_step{event['step']:02d}{rejected}"
        (rewrite,) = step["rewrites"]
        assert text_after(rewrite["difference"]) == documents.run.prompt(name)
        assert text_before(rewrite["difference"]) == step["prompt"]
        assert rewrite["id"] == event["rewrite"]
        assert [call["role"] for call in step["optimizer"]] == ["optimizer"]


def test_a_wrong_answer_has_criticism_that_ends_with_the_gradient_on_the_prompt(documents):
    step = documents.step(1, 0, 1)
    wrong = [each for each in step["questions"] if each["before"]["score"] == 0]
    assert wrong and all(len(each["criticism"]) == 2 for each in wrong)
    gradients = [each["criticism"][-1]["reply"] for each in wrong]
    shown = " ".join(message["text"] for message in step["optimizer"][0]["messages"])
    assert all(gradient in shown for gradient in gradients)


def test_a_merge_shows_what_became_of_every_instruction(run, documents):
    for record in load_run(run).results["rounds"][1:]:
        merge = documents.merge(record["round"])
        assert text_after(merge["difference"]) == documents.run.prompt(f"round{record['round']:02d}_merged")
        for upload in merge["uploads"]:
            counts = record["retention"]["clients"][upload["client"]]
            for fate in ("kept", "merged", "lost"):
                assert sum(each["fate"] == fate for each in upload["fates"]) == counts[fate]
        assert len(merge["requests"]) == record["merge"]["calls"]
        assert {call["role"] for call in merge["requests"]} <= {"merge"}


def test_an_evaluation_names_the_questions_that_flipped(documents):
    events = documents.run.events_of("evaluation")
    number = next(index for index, event in enumerate(events) if event["of"] == "best")
    initial = next(event for event in events if event["of"] == "initial")["correct"]
    found = documents.evaluation(number)
    assert found["earlier"] == "initial"
    for each in found["questions"]:
        question = each["question"]
        assert each["answer"]["score"] == events[number]["correct"][question]
        assert each["before"]["score"] == initial[question]
        flipped = "rose" if each["answer"]["score"] > initial[question] else "fell"
        assert (question in found["flips"][flipped]) is (each["answer"]["score"] != initial[question])
    assert found["flips"]["rose"]


def test_the_list_of_calls_marks_repeated_flipped_and_rejected_ones(documents):
    rows = [dict(zip(COLUMNS, row)) for row in documents.calls()["rows"]]
    assert sum("r" in row["marks"] for row in rows) == len(rows) - len({row["key"] for row in rows})
    steps = [event for event in documents.run.events_of("step") if event["result"] == "rejected"]
    rejected = {(event["round"], event["client"], event["step"]) for event in steps}
    marked = {(row["round"], row["client"], row["step"]) for row in rows if "x" in row["marks"]}
    assert marked == rejected
    assert any("f" in row["marks"] for row in rows)


def test_a_search_finds_requests_and_replies_literally(documents):
    everything = documents.calls()["rows"]
    question = documents.step(1, 0, 1)["questions"][0]
    found = documents.search(question["text"][:30].upper())
    assert question["before"]["key"] in found and len(found) < len(everything)
    assert documents.search("%") == documents.search("_|_") == documents.search("   ") == []


def test_an_unfinished_run_can_be_browsed(tmp_path):
    assert main.main(toy.options(tmp_path)) == 0
    run = tmp_path / "logs" / "run"
    (run / "results.json").unlink()
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join(lines[: len(lines) // 2]) + lines[-1][:20])
    with contextlib.closing(Documents(run)) as documents:
        assert documents.overview()["run"]["status"] == "not finished"
        assert [documents.document(path) for path in documents.paths()]


@pytest.mark.parametrize(
    "guard, action, hidden",
    [("block", "blocked", True), ("paraphrase", "paraphrased", True), ("warn", "blocked", False)],
)
def test_texts_of_a_client_whose_upload_leaked_are_hidden(tmp_path, guard, action, hidden):
    assert main.main(toy.options(tmp_path, "--leak_guard", guard)) == 0
    run = tmp_path / "logs" / "run"
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for event in events:
        if event["event"] == "round":
            event["leaks"]["0"]["guard"] = action
    (run / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    with contextlib.closing(Documents(run)) as documents:
        question = documents.step(1, 1, 1)["questions"][0]
        assert documents.call(question["before"]["key"])["reply"]
        step = documents.step(1, 0, 1)
        assert step.get("hidden", False) is hidden and ("questions" in step) is not hidden
        keys = [row[0] for row in documents.calls()["rows"] if (row[1], row[2]) == (1, 0)]
        assert all(documents.call(key).get("hidden", False) is hidden for key in keys)
        assert set(keys).isdisjoint(documents.search("sums")) is hidden


def test_the_page_holds_all_documents_and_is_the_same_each_time(run, tmp_path):
    assert write_browser(run, tmp_path)
    page = (tmp_path / "calls.html").read_bytes()
    packed = re.search(r'type="application/octet-stream">(.*?)</script>', page.decode(), re.DOTALL)[1]
    embedded = json.loads(gzip.decompress(base64.b64decode(packed)))
    with contextlib.closing(Documents(run)) as documents:
        assert embedded == {path: json.loads(json.dumps(documents.document(path))) for path in documents.paths()}
    assert write_browser(run, tmp_path) and (tmp_path / "calls.html").read_bytes() == page
    assert (run / "calls.html").read_bytes() == page  # written when the run ended


def test_a_run_without_a_trace_has_no_page(tmp_path):
    sqlite3.connect(tmp_path / "calls.sqlite").close()
    (tmp_path / "config.json").write_text('{"options": {"task": ["x"]}}')
    assert not write_browser(tmp_path, tmp_path) and not (tmp_path / "calls.html").exists()


def test_the_triggered_questions_of_a_backdoor_can_be_browsed(tmp_path):
    assert main.main(toy.options(tmp_path, "--attack", "backdoor")) == 0
    with contextlib.closing(Documents(tmp_path / "logs" / "run")) as documents:
        events = documents.run.events_of("evaluation")
        (number,) = [index for index, event in enumerate(events) if event["of"].startswith("initial, trig")]
        questions = documents.evaluation(number)["questions"]
        assert len(questions) == events[number]["n"] > 0
        assert all(each["answer"]["reply"] for each in questions)
