"""The aggregator `validated`: the best candidate merge on validation."""

import pytest
from scripted import ScriptedEngine

from utils.aggregation.aggregate import aggregate
from utils.aggregation.concatenation import concatenate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

OLD = "Answer the question."
A, B, C = "Count every item twice.", "Write negative results with a minus.", "Never guess a missing name."
UPLOADS = [f"{OLD}\n{text}" for text in (A, B, C)]
WRITTEN = "\n".join([OLD, A, B, C, "All of it."])


def merge(score, candidates=3, reply=WRITTEN, uploads=UPLOADS):
    engine = ScriptedEngine([f"<IMPROVED_VARIABLE>{reply}</IMPROVED_VARIABLE>" if reply else "no"])
    merging = Merging(engine, 500, broadcast=OLD, validate=score, candidates=candidates, min_retention=0.5)
    return aggregate("validated", [Upload(*each) for each in enumerate(uploads)], merging), engine


@pytest.mark.parametrize("best, merged", [("All of it", WRITTEN), ("Further", concatenate(UPLOADS))])
def test_the_candidate_with_the_best_validation_accuracy_wins(best, merged):
    result, engine = merge(lambda prompt: float(best in prompt))
    assert (result.prompt, result.calls, len(engine.prompts), result.depth) == (merged, 2, 2, 1)
    assert result.left_out == {}


def test_in_a_tie_the_union_wins():
    assert merge(lambda prompt: 0.5)[0].prompt == concatenate(UPLOADS)


def test_further_candidates_leave_one_upload_out_and_name_its_client():
    result, _ = merge(lambda prompt: 1 - 0.5 * (B in prompt), candidates=6)
    assert result.prompt == concatenate([UPLOADS[0], UPLOADS[2]]) and list(result.left_out) == [1]
    assert result.flaws == (), "what was left out on purpose is not lost"


def test_each_distinct_candidate_is_scored_once():
    scored = []
    merge(lambda prompt: scored.append(prompt) or 0.5)
    assert sorted(scored) == sorted([concatenate(UPLOADS), WRITTEN])


def test_candidates_without_a_usable_reply_are_not_scored():
    result, _ = merge(lambda prompt: float(A in prompt), reply="")
    assert result.prompt == concatenate(UPLOADS)


def test_without_validation_questions_the_union_is_kept():
    assert merge(None)[0].prompt == concatenate(UPLOADS)


def test_only_the_contradictions_of_the_winner_are_listed():
    rules = [f"{OLD}\nIf it is about ink, answer {answer}." for answer in ("K7", "K7", "B4")]
    uploads = [f"{rule}\n{text}" for rule, text in zip(rules, (A, B, C), strict=True)]
    result, _ = merge(lambda prompt: 0.5, candidates=6, uploads=uploads)
    assert [found.support for found in result.contradictions] == [{"K7": 2, "B4": 1}]
    result, _ = merge(lambda prompt: float("All of it" in prompt), uploads=uploads)
    assert result.contradictions == ()
