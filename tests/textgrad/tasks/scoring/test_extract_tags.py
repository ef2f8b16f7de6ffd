"""Answers in tags, and answers that a cut off reply may have left half finished."""

import pytest

from textgrad.engine.base import Text
from textgrad.tasks.scoring.extract import explicit_answer


@pytest.mark.parametrize(
    "reply",
    [
        "<answer>42</answer>\nI put it between <answer> and </answer>.",
        "I put it after the tag <answer> now: <answer>42</answer>",
        "<Answer> 42 </Answer>",
        "<think>Perhaps <answer>7</answer>?</think> So it is <answer>42</answer> apples.",
        "<solution>7</solution>\nBetter:\n<solution>42</solution>",
        "```\n<answer>7</answer>\n```\n<answer>42</answer>",
    ],
)
def test_the_answer_in_tags_is_the_last_complete_block(reply):
    assert explicit_answer(reply) == "42"


@pytest.mark.parametrize("flaw", ["truncated", "unfinished"])
def test_the_last_line_of_a_cut_off_reply_is_no_answer_unless_it_is_enclosed(flaw):
    assert explicit_answer(Text("Answer: 4", flaw)) is None
    assert explicit_answer(Text("First.\nAnswer: 4", flaw)) is None
    assert explicit_answer(Text("Answer: 42\nThat is bec", flaw)) == "42"
    assert explicit_answer(Text("Answer: 42\n", flaw)) == "42"
    assert explicit_answer(Text("So \\boxed{42} and so o", flaw)) == "42"
    assert explicit_answer(Text("So <answer>42</answer> and so o", flaw)) == "42"
    assert explicit_answer(Text("So <answer>4", flaw)) is None
    assert explicit_answer("Answer: 4") == "4"
