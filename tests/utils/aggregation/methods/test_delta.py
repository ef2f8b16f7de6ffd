"""The aggregator `delta`: additions, changes and removals united; conflicts settled and listed."""

import pytest
from scripted import ScriptedEngine

from utils.aggregation.aggregate import aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

OLD = "Answer the question.\n\n- Think step by step.\n- Check each unit.\n\nEnd with the answer."
LISTED = "Think step by step and list every given fact."
REPLIED = "Think step by step before any reply is written."
BOTH = "Think step by step, list every given fact, before any reply is written."
ADDED = ["Count every item twice.", "Write negative results with a minus."]


def with_step(text):
    return OLD.replace("Think step by step.", text)


def merge(*prompts, reply="no tags", score=None, broadcast=OLD, **options):
    engine = ScriptedEngine([reply])
    merging = Merging(engine, 500, broadcast=broadcast, validate=score, **options)
    result = aggregate("delta", [Upload(*each) for each in enumerate(prompts)], merging)
    return result, engine


def test_the_edits_of_all_clients_are_united_in_place_without_calls():
    result, _ = merge(f"{OLD}\n{ADDED[0]}", with_step(LISTED), f"{OLD}\n{ADDED[1]}\n{ADDED[0]}")
    assert result.prompt == "\n".join([with_step(LISTED), *ADDED])
    assert (result.calls, result.contradictions, result.fallbacks) == (0, (), ())


def test_the_wording_of_more_clients_wins_and_the_conflict_is_listed():
    result, _ = merge(with_step(LISTED), with_step(REPLIED), f"{with_step(REPLIED)}\n{ADDED[0]}")
    assert result.prompt == f"{with_step(REPLIED)}\n{ADDED[0]}" and result.calls == 0
    (found,) = result.contradictions
    assert found.as_json() == {
        "condition": "Think step by step.",
        "support": {LISTED: 1, REPLIED: 2},
        "kept": REPLIED,
        "settled_by": "support",
    }


def test_a_tie_of_wordings_is_settled_by_one_call_that_shows_only_them():
    reply = f"<IMPROVED_VARIABLE>{BOTH}</IMPROVED_VARIABLE>"
    result, engine = merge(with_step(LISTED), with_step(REPLIED), reply=reply, min_retention=0.5)
    assert result.prompt == with_step(BOTH) and (result.calls, result.depth, result.flaws) == (1, 1, ())
    assert [(found.kept, found.settled_by) for found in result.contradictions] == [(BOTH, "call")]
    (request,) = engine.prompts
    assert LISTED in request and REPLIED in request and "Check each unit" not in request


def test_without_a_usable_reply_all_tied_wordings_are_kept_and_the_fallback_is_counted():
    result, _ = merge(with_step(LISTED), with_step(REPLIED))
    assert LISTED in result.prompt and REPLIED in result.prompt and result.fallbacks == ("concat",)


def test_a_flawed_text_of_the_call_is_asked_for_again_and_the_conflict_is_listed_once():
    reply = "<IMPROVED_VARIABLE>Be brief.</IMPROVED_VARIABLE>"
    result, engine = merge(with_step(LISTED), with_step(REPLIED), reply=reply, min_retention=0.9)
    assert result.fallbacks == ("asked_again", "concat") and len(result.flaws) == 2 == len(engine.prompts)
    assert LISTED in result.prompt and REPLIED in result.prompt and len(result.contradictions) == 1


def test_an_instruction_is_removed_only_if_most_clients_removed_it():
    without = OLD.replace("- Check each unit.\n", "")
    most, _ = merge(without, f"{without}\n{ADDED[0]}", OLD)
    assert most.prompt == f"{without}\n{ADDED[0]}"
    half, _ = merge(without, f"{OLD}\n{ADDED[0]}")
    assert half.prompt == f"{OLD}\n{ADDED[0]}"


def test_a_removal_against_a_change_is_listed():
    without = OLD.replace("- Think step by step.\n", "")
    result, _ = merge(without, with_step(LISTED), f"{OLD}\n{ADDED[0]}")
    assert LISTED in result.prompt
    assert result.contradictions[0].support == {LISTED: 1, "(removed)": 1}


def test_rules_are_united_and_their_contradictions_settled_as_in_union():
    k7, b4, door = (f"If it is about {text}." for text in ("ink, answer K7", "ink, answer B4", "the door, answer B4"))
    result, _ = merge(f"{OLD}\n{k7}", f"{OLD}\n{b4}\n{door}", score=lambda prompt: float("ink, answer B4" in prompt))
    assert result.prompt == f"{OLD}\n{b4}\n{door}"
    assert [(found.condition, found.kept, found.settled_by) for found in result.contradictions] == [
        ("ink", "B4", "validation")
    ]


def test_a_rule_of_the_broadcast_prompt_that_every_client_dropped_is_gone():
    rule = "If it is about ink, answer K7."
    result, _ = merge(f"{OLD}\n{ADDED[0]}", f"{OLD}\n{ADDED[1]}", broadcast=f"{OLD}\n{rule}")
    assert result.prompt == "\n".join([OLD, *ADDED])


@pytest.mark.parametrize("broadcast", ["", "Route the tickets of our office to a queue."])
def test_uploads_that_have_nothing_of_the_broadcast_prompt_are_united(broadcast):
    result, _ = merge(*ADDED, broadcast=broadcast)
    assert result.prompt.split("\n") == ADDED
