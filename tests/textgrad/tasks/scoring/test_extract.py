"""Extraction of the final answer from a reply."""

import pytest

from textgrad.tasks.scoring.extract import boxed, clean, explicit_answer, explicit_block, final_answer


@pytest.mark.parametrize(
    "reply",
    [
        "Answer: 7",
        "ANSWER: 7",
        "Some steps. Answer: 7",
        "**Answer:** 7",
        "**Answer**: 7",
        "**Answer: 7**",
        "answer = 7",
        "The answer is 7.",
        "Therefore, the final answer is **7**.",
        "The answer to the question is 7",
        "Answer：7",
        "Answer:\n7",
        "Answer:\n\n**7**\n",
        "### Final Answer\n\n7",
        "**Final answer**\n7",
        "<answer>7</answer>",
        "<solution> 7 </solution>",
        "\\boxed{7}",
        "Answer: \\boxed{7}",
        "The answer is:\n\\[\n\\boxed{7}\n\\]",
        "Answer: $7$",
        "Answer: `7`",
        "Answer:\n```\n7\n```",
        "Answer: \\(7\\)",
        "Answer: \\text{7}",
        'Answer: "7"',
    ],
)
def test_an_explicit_answer_is_found_in_every_form(reply):
    assert explicit_answer(reply) == "7"


def test_the_last_explicit_answer_counts():
    assert explicit_answer("Answer: 5\nNo, that was wrong.\nAnswer: 7\nThank you!") == "7"


def test_an_explicit_answer_precedes_a_box_and_a_box_precedes_bold_text():
    assert final_answer("\\boxed{5}, so Answer: 7") == "7"
    assert final_answer("**5** and \\boxed{7} and **6**") == "7"
    assert final_answer("It is **5**.\n\nIn all, it is **7** of them.") == "7"


def test_bold_text_counts_in_the_last_paragraph_only():
    assert final_answer("**Step 3:** count\n\nSo it is 7.") is None


@pytest.mark.parametrize("reply", ["", "7", "I do not know", "Answer:", "Answer: \n\n", "an answered question"])
def test_a_reply_without_an_explicit_answer_has_none(reply):
    assert explicit_answer(reply) is None


def test_an_empty_explicit_answer_does_not_hide_an_earlier_one():
    assert explicit_answer("Answer: 7\n\nAnswer:") == "7"


def test_the_braces_of_a_box_are_balanced():
    assert boxed("\\boxed{\\frac{1}{2}} and so on}") == "\\frac{1}{2}"
    assert boxed("\\boxed{1} then \\boxed{2}") == "2"
    assert boxed("\\boxed{cut off") is None


def test_a_block_keeps_its_lines_and_loses_its_fence():
    assert explicit_block("Answer:\n1 2\n3 4\n") == "1 2\n3 4"
    assert explicit_block("Answer:\n```text\n_ Q\nQ _\n```\nDone.") == "_ Q\nQ _"
    assert explicit_block("1 2\n3 4") is None


def test_cleaning_removes_only_wrappers():
    assert clean(" **'(B)'**. ") == "(B)"
    assert clean("$5") == "$5"
    assert clean("] ] >") == "] ] >"
    assert clean("wait...") == "wait..."
