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
