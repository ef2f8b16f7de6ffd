"""uid_select: the most uniform of the candidates that keep about as much as the best."""

import re

import pytest
from scripted import ScriptedEngine

from utils.aggregation import aggregate
from utils.aggregation.methods.uid_select import word_information

OLD = "Answer the question."
UPLOADS = [f"{OLD}\nCount every item twice.", f"{OLD}\nWrite negative results with a minus."]
FULL = f"{OLD}\nCount every item twice.\nWrite negative results with a minus."
TURNED = f"{OLD}\nWrite negative results with a minus.\nCount every item twice."
POOR = OLD


def merged(replies, scorer=None, candidates=3):
    """What is chosen from three candidates; the hints and orders in which they are asked for do not matter here."""
    engine = ScriptedEngine(
        [f"<IMPROVED_VARIABLE>\n{text}\n</IMPROVED_VARIABLE>" if text else "no" for text in replies]
    )
    return aggregate(
        "uid_select", UPLOADS, engine=engine, old_prompt=OLD, token_budget=500, scorer=scorer, candidates=candidates
    ), engine


def test_of_candidates_that_keep_as_much_the_one_of_lowest_variance_is_taken():
    bits = {FULL: [0.0, 9.0], TURNED: [4.0, 5.0], POOR: [1.0, 1.0]}
    assert merged([FULL, TURNED, POOR], bits.__getitem__)[0].prompt == TURNED
    bits[FULL], bits[TURNED] = bits[TURNED], bits[FULL]
    assert merged([FULL, TURNED, POOR], bits.__getitem__)[0].prompt == FULL


def test_a_uniform_candidate_that_lost_what_clients_added_is_not_taken():
    bits = {FULL: [0.0, 9.0], POOR: [1.0, 1.0]}
    assert merged([POOR, FULL, POOR], bits.__getitem__)[0].prompt == FULL


@pytest.mark.parametrize("scorer", [None, lambda text: []])
def test_without_surprisal_words_are_weighed_by_how_often_they_stand_there(scorer):
    assert merged([FULL, TURNED, POOR], scorer)[0].prompt in (FULL, TURNED)


def test_the_candidates_differ_in_hint_or_order_and_are_all_counted():
    result, engine = merged([FULL, FULL, FULL])
    assert len({(prompt, system) for prompt, system in engine.calls}) == 3 == result.calls
    firsts = {re.search(r'client="1">\n(.*?)\n</PROMPT>', prompt, re.DOTALL)[1] for prompt, _ in engine.calls}
    assert firsts == set(UPLOADS)


@pytest.mark.parametrize("candidates, different", [(1, 1), (4, 4), (8, 4)])
def test_as_many_candidates_are_drawn_as_asked_for(candidates, different):
    result, engine = merged([FULL] * candidates, candidates=candidates)
    assert result.calls == candidates
    assert len({(prompt, system) for prompt, system in engine.calls}) == different, "two uploads have two orders"


def test_unusable_candidates_fall_back_as_every_merge_does():
    assert "Count every item twice" in merged(["", "", ""])[0].prompt


def test_the_estimate_gives_rare_words_more_bits():
    common, rare = word_information(["a a a a b"])("a b")
    assert (common, rare) == (pytest.approx(0.678, abs=1e-3), 2.0)  # log2(8 / 5) and log2(8 / 2)
