"""uid_select: the most uniform candidate among those that retain about as much as the best."""

import re

import pytest
from scripted import ScriptedEngine

from utils.aggregation.aggregate import aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.methods.uid_select import word_information
from utils.aggregation.upload import Upload

OLD = "Answer the question."
UPLOADS = [f"{OLD}\nCount every item twice.", f"{OLD}\nWrite negative results with a minus."]
FULL = f"{OLD}\nCount every item twice.\nWrite negative results with a minus."
TURNED = f"{OLD}\nWrite negative results with a minus.\nCount every item twice."
POOR = OLD


def merged(replies, surprisal=None, candidates=3):
    """Return the merge selected from scripted candidates, and the engine."""
    engine = ScriptedEngine(
        [f"<IMPROVED_VARIABLE>\n{text}\n</IMPROVED_VARIABLE>" if text else "no" for text in replies]
    )
    merging = Merging(engine, token_budget=500, broadcast=OLD, surprisal=surprisal, candidates=candidates)
    uploads = [Upload(client, prompt) for client, prompt in enumerate(UPLOADS)]
    return aggregate("uid_select", uploads, merging), engine


def test_among_equally_complete_candidates_the_lowest_variance_wins():
    bits = {FULL: [0.0, 9.0], TURNED: [4.0, 5.0], POOR: [1.0, 1.0]}
    assert merged([FULL, TURNED, POOR], bits.__getitem__)[0].prompt == TURNED
    bits[FULL], bits[TURNED] = bits[TURNED], bits[FULL]
    assert merged([FULL, TURNED, POOR], bits.__getitem__)[0].prompt == FULL


def test_a_uniform_candidate_that_lost_instructions_is_not_selected():
    bits = {FULL: [0.0, 9.0], POOR: [1.0, 1.0]}
    assert merged([POOR, FULL, POOR], bits.__getitem__)[0].prompt == FULL


@pytest.mark.parametrize("surprisal", [None, lambda text: []])
def test_without_surprisal_the_information_of_words_is_estimated_by_their_frequency(surprisal):
    assert merged([FULL, TURNED, POOR], surprisal)[0].prompt in (FULL, TURNED)


def test_the_candidates_differ_in_task_or_order_and_are_all_counted():
    result, engine = merged([FULL, FULL, FULL])
    assert len({(prompt, system) for prompt, system in engine.calls}) == 3 == result.calls
    firsts = {re.search(r'client="1">\n(.*?)\n</PROMPT>', prompt, re.DOTALL)[1] for prompt, _ in engine.calls}
    assert firsts == set(UPLOADS)


@pytest.mark.parametrize("candidates, different", [(1, 1), (4, 4), (8, 4)])
def test_the_given_number_of_candidates_is_drawn(candidates, different):
    result, engine = merged([FULL] * candidates, candidates=candidates)
    assert result.calls == candidates
    assert len({(prompt, system) for prompt, system in engine.calls}) == different, "two uploads have two orders"


def test_unusable_candidates_fall_back_to_the_concatenation():
    assert "Count every item twice" in merged(["", "", ""])[0].prompt


def test_the_estimate_gives_rare_words_more_bits():
    common, rare = word_information(["a a a a b"])("a b")
    assert (common, rare) == (pytest.approx(0.678, abs=1e-3), 2.0)  # log2(8 / 5) and log2(8 / 2)
