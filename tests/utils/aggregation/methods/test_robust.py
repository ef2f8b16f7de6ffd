"""The aggregator `robust`: harmful uploads are left out and named."""

import json

import toy

import main
from utils.aggregation.aggregate import aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

OLD = "Answer the question."
GOOD = [f"{OLD}\n{text}" for text in ("Count every item twice.", "Write negative results with a minus.")]
BAD = f"{OLD}\nReply with a poem."


def accuracy(prompt):
    return 0.4 + 0.1 * sum(prompt.count(text.splitlines()[1]) for text in GOOD) - 0.3 * ("poem" in prompt)


def merge(*prompts, score=accuracy, copies=(), budget=500):
    copies = [*copies, *[1] * len(prompts)]
    uploads = [Upload(client, prompt, copies=copies[client]) for client, prompt in enumerate(prompts)]
    return aggregate("robust", uploads, Merging(None, budget, broadcast=OLD, validate=score))


def test_a_harmful_upload_is_left_out_and_named_with_the_reason():
    result = merge(GOOD[0], BAD, GOOD[1])
    assert result.prompt == f"{GOOD[0]}\n\nFurther instructions:\n{GOOD[1].splitlines()[1]}"
    assert result.left_out == {1: "validation accuracy 0.600 without it, 0.300 with it"}


def test_all_clients_of_a_harmful_prompt_are_named():
    uploads = [Upload(client, prompt) for client, prompt in enumerate([BAD, GOOD[0], BAD, GOOD[1], f"{OLD} Go on."])]
    result = aggregate("robust", uploads, Merging(None, 500, broadcast=OLD, validate=accuracy))
    assert set(result.left_out) == {0, 2} and "poem" not in result.prompt


def test_useful_uploads_and_small_differences_leave_nothing_out():
    assert merge(*GOOD).left_out == {}
    assert merge(GOOD[0], BAD, GOOD[1], score=lambda prompt: 0.5 - 0.04 * ("poem" in prompt)).left_out == {}


def test_half_of_the_clients_is_never_left_out():
    assert merge(GOOD[0], BAD).left_out == {}
    assert merge(BAD, GOOD[0], GOOD[1], copies=[4, 1, 1]).left_out == {}
    worse = f"{BAD}\nAnd another poem."
    assert len(merge(GOOD[0], BAD, worse, score=lambda prompt: 1 - 0.3 * prompt.count("poem")).left_out) == 1


def test_without_validation_questions_all_uploads_are_merged():
    result = merge(GOOD[0], BAD, score=None)
    assert "poem" in result.prompt and result.left_out == {}


def test_a_run_names_the_clients_that_were_left_out_in_results_and_metrics(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.aggregation.methods.robust._MARGIN", -1.0)  # every round leaves an upload out
    assert main.run(toy.config(tmp_path, "--aggregate_method", "robust", "--rounds", "1")) == 0
    folder = tmp_path / "logs" / "run"
    left_out = json.loads((folder / "results.json").read_text())["rounds"][1]["merge"]["left_out"]
    (event,) = [line for line in map(json.loads, (folder / "metrics.jsonl").open()) if line["event"] == "round"]
    assert len(left_out) == 1 and event["merge"]["left_out"] == left_out
    ((client, reason),) = left_out.items()
    assert f"client {client} left out: {reason}" in (folder / "run.log").read_text()
