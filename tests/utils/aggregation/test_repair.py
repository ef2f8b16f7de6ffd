"""Repair of a merged prompt: accepted rewrites, refused ones, and a whole run."""

import json

import pytest
import toy
from scripted import ScriptedEngine

import main
from textgrad.tokens import estimate_tokens
from utils.aggregation.repair import repair
from utils.federation import merge
from utils.run_log import ledger

PROMPT = "Count every item. Use 3 steps."


def test_repair_adds_lost_instructions():
    engine = ScriptedEngine(
        ["Sure: <IMPROVED_VARIABLE>Count every item. Use 3 steps. Mention the unit.</IMPROVED_VARIABLE>"]
    )
    assert repair(engine, PROMPT, ["Mention the unit."]) == "Count every item. Use 3 steps. Mention the unit."
    assert "Mention the unit." in engine.prompts[0] and PROMPT in engine.prompts[0]


@pytest.mark.parametrize(
    "rewrite",
    [
        "Mention the unit.",  # drops the prompt
        "Count every item. Use 5 steps. Mention the unit.",  # changes a number
        "Count every item. Use 3 steps.",  # adds nothing
        "Count every item. Use 3 steps. Mention the unit. " + "Be good. " * 50,  # too long
        "",
    ],
)
def test_an_unusable_repair_is_requested_again_and_then_skipped(rewrite):
    engine = ScriptedEngine([f"<IMPROVED_VARIABLE>{rewrite}</IMPROVED_VARIABLE>"] * 2)
    assert repair(engine, PROMPT, ["Mention the unit."], token_budget=40) == PROMPT
    assert len(engine.prompts) == 2


def test_a_repair_without_tags_leaves_the_prompt_unchanged():
    assert repair(ScriptedEngine(["no tags", "none"]), PROMPT, ["Mention the unit."]) == PROMPT


def test_without_losses_or_budget_no_engine_is_asked():
    engine = ScriptedEngine()
    assert repair(engine, PROMPT, []) == PROMPT
    assert repair(engine, PROMPT, ["Mention the unit."], token_budget=estimate_tokens(PROMPT)) == PROMPT
    assert engine.calls == []


def test_a_repair_brings_lost_instructions_back(tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "repair", lambda engine, prompt, lost, budget: "\n".join([prompt, *lost]))
    engine = "simulated:topics=4,forget=1,base=0"
    assert main.run(toy.config(tmp_path, "--aggregate_repair", engine=engine)) == 0
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text())
    assert any(record["repaired"] for record in results["rounds"]) and results["lost_instructions"] == []
    assert ledger.verify(tmp_path / "logs" / "run")[1] is None


@pytest.mark.parametrize("room, accepted", [(0, True), (-1, False)])
def test_a_repair_may_use_the_whole_budget_and_not_one_token_more(room, accepted):
    whole = PROMPT + " Mention the unit and the date."
    engine = ScriptedEngine([f"<IMPROVED_VARIABLE>{whole}</IMPROVED_VARIABLE>"] * 2)
    repaired = repair(engine, PROMPT, ["Mention the unit and the date."], token_budget=estimate_tokens(whole) + room)
    assert repaired == (whole if accepted else PROMPT)


@pytest.mark.parametrize("budget", [0, 1])
def test_the_smallest_budgets_leave_no_room_for_a_repair(budget):
    engine = ScriptedEngine()
    assert repair(engine, PROMPT, ["Mention the unit."], token_budget=budget) == PROMPT and engine.calls == []


def test_a_repair_may_bring_back_some_of_the_lost_instructions():
    partly = PROMPT + " Mention the unit."
    engine = ScriptedEngine([f"<IMPROVED_VARIABLE>{partly}</IMPROVED_VARIABLE>"])
    assert repair(engine, PROMPT, ["Mention the unit.", "Round half up."]) == partly
    assert "Stay below" not in engine.prompts[0]
