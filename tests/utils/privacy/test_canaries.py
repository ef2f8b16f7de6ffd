"""Canaries: planted codes, drawn by the seed, and the share of them in prompts."""

import json
import re

import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.config import parse
from utils.federation.evaluation import Sample
from utils.privacy.canaries import exposure, plant


class Named:
    name = "sums"


SAMPLES = [
    [Sample(Named(), f"question {client} {number}", "1", "train", number) for number in range(5)] for client in "ab"
]


def test_each_canary_stands_in_one_question_of_its_client():
    planted, canaries = plant(SAMPLES, 6, seed=1)
    assert len({canary.code for canary in canaries}) == len({(each.client, each.question) for each in canaries}) == 6
    for canary in canaries:
        marked = [[sample.number for sample in own if canary.code in sample.question] for own in planted]
        assert marked[canary.client] == [canary.question] and marked[1 - canary.client] == []
        assert planted[canary.client][canary.question].question.endswith(f"\n\n{canary.text}")
    assert sum(a == b for own, new in zip(SAMPLES, planted, strict=True) for a, b in zip(own, new, strict=True)) == 4


def test_canaries_are_drawn_by_the_seed():
    assert plant(SAMPLES, 3, seed=1) == plant(SAMPLES, 3, seed=1) and plant(SAMPLES, 3, 1)[1] != plant(SAMPLES, 3, 2)[1]
    assert plant(SAMPLES, 0, seed=1) == (SAMPLES, ())


def test_more_canaries_than_questions_are_an_error():
    with pytest.raises(UsageError, match="--canaries 11: there are only 10"):
        plant(SAMPLES, 11, seed=1)


def test_exposure_counts_canaries_of_the_client_that_uploads_and_any_in_a_global_prompt():
    _, canaries = plant(SAMPLES, 4, seed=1)
    first = canaries[0]
    spaced = f"Code {first.code[:4]} {first.code[4:]}."
    assert exposure(canaries, [(first.client, spaced)]).as_json()["value"] == 0.25
    assert exposure(canaries, [(first.client, spaced)] * 3).n == 4
    assert exposure(canaries, [(1 - first.client, spaced)]).value == 0
    assert exposure(canaries, [(None, spaced)]).value == 0.25
    assert exposure(canaries, [(None, f"9{first.code}"), (first.client, "none")]).value == 0
    assert exposure(canaries, []).value == 0


@pytest.mark.parametrize("guard, reveals", [("off", True), ("redact", False)])
def test_a_run_reports_how_many_canaries_its_prompts_reveal(tmp_path, guard, reveals):
    options = [
        *("--optimizer", "demos", "--share_examples", "--batch_size", "6", "--canaries", "18"),
        *("--aggregate_method", "concat", "--leak_guard", guard),
    ]
    assert main.main(toy.options(tmp_path, *options, engine="simulated:base=0,topics=4")) == 0
    folder = tmp_path / "logs" / "run"
    recorded = json.loads((folder / "partition.json").read_text())["canaries"]
    results = json.loads((folder / "results.json").read_text())["canaries"]
    assert len(recorded) == 18 and all(re.fullmatch(r".*\b\d{8}\.", each["text"]) for each in recorded)
    assert {kind: each["n"] for kind, each in results.items()} == dict.fromkeys(results, 18)
    texts = [path.read_text() for path in (folder / "prompts").glob("*_upload.txt")]
    shown = sum(any(each["code"] in text for text in texts) for each in recorded) / 18
    assert results["uploads"]["value"] == pytest.approx(shown, abs=1e-4)
    assert results["trained_prompts"]["value"] > 0 and (results["uploads"]["value"] > 0) is reveals
    assert "Canaries, which are codes" in (folder / "report.html").read_text()


def test_canaries_need_a_run_that_merges(tmp_path):
    with pytest.raises(UsageError, match="--canaries 2: the run merges no uploads"):
        parse(toy.options(tmp_path, "--canaries", "2", "--aggregate_method", "none"))
