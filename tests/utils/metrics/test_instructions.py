"""Splitting prompts into instructions."""

import pytest

from utils.metrics.instructions import instructions


@pytest.mark.parametrize(
    "prompt, parts",
    [
        ("Count the items. Add them up! Is it plausible?", ["Count the items.", "Add them up!", "Is it plausible?"]),
        ("Round 3.5 up, e.g. to 4. Then stop.", ["Round 3.5 up, e.g. to 4.", "Then stop."]),
        ("Compare A vs. B, i.e. both. See no. 5 first.", ["Compare A vs. B, i.e. both.", "See no. 5 first."]),
        ("Answer yes or no. Then explain.", ["Answer yes or no.", "Then explain."]),
        ("The answer is 5. Then stop.", ["The answer is 5.", "Then stop."]),
        ("count the items. give the number.", ["count the items.", "give the number."]),
        (
            "List animals, plants, etc. and count. Done etc. Next one.",
            ["List animals, plants, etc. and count.", "Done etc.", "Next one."],
        ),
        ('Say "Done." at the end. Say "Yes!" Then stop.', ['Say "Done." at the end.', 'Say "Yes!"', "Then stop."]),
        ("Think ... then answer. Wait... Now go.", ["Think ... then answer.", "Wait...", "Now go."]),
        ("请数一数。然后回答。", ["请数一数。", "然后回答。"]),
        ("", []),
        ("---\n\n***\n", []),
    ],
)
def test_sentences_are_instructions(prompt, parts):
    assert instructions(prompt) == parts


def test_list_markers_and_lead_ins_are_left_out():
    prompt = "# Rules\n\nFollow these rules:\n1. Read the list. Count it.\n2) Add up.\n- Check\n  the sum\n* Stop.\n"
    assert instructions(prompt) == ["Read the list.", "Count it.", "Add up.", "Check the sum", "Stop."]


def test_steps_numbered_within_a_line_are_split():
    assert instructions("Do this: 1. Read it. 2. Count it.") == ["Do this: 1. Read it.", "Count it."]


def test_headings_are_left_out_but_bold_sentences_are_instructions():
    assert instructions("**Output format:**\n## Steps\n**Always show your work.**") == ["**Always show your work.**"]


def test_a_code_fence_is_one_instruction():
    prompt = "Use this form:\n```\nStep 1. Read.\nAnswer: 5. Done.\n```\nDo not change it."
    assert instructions(prompt) == ["```\nStep 1. Read.\nAnswer: 5. Done.\n```", "Do not change it."]


def test_an_unclosed_fence_is_ignored():
    assert instructions("```\nRead it. Count it.") == ["Read it.", "Count it."]


def test_wrapped_lines_are_joined_and_short_lines_are_not():
    wrapped = "Read the whole question carefully before you start to count the\nItems of the list."
    assert instructions(wrapped) == [wrapped.replace("\n", " ")]
    assert instructions("Count items\nAnswer briefly") == ["Count items", "Answer briefly"]
    assert instructions("Count the items\nof the list") == ["Count the items of the list"]
