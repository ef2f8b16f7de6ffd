"""Concatenation: separate sections, nothing twice."""

from utils.aggregation.concatenation import concatenate
from utils.aggregation.prompts import FURTHER_INSTRUCTIONS


def test_a_shared_line_appears_once_and_the_order_is_kept():
    base = "Count the objects.\nBe exact."
    joined = concatenate([f"{base}\nSkip colours.", f"{base}\nAdd plurals.", f"Think.\n{base}"])
    assert joined.split("\n") == [
        "Count the objects.",
        "Be exact.",
        "Skip colours.",
        "",
        FURTHER_INSTRUCTIONS,
        "Add plurals.",
        "",
        FURTHER_INSTRUCTIONS,
        "Think.",
    ]


def test_concatenating_a_concatenation_repeats_no_heading():
    once = concatenate(["base\na", "base\nb"])
    again = concatenate([once + "\nc", once.replace("\nb", "\nbb"), once + "\nd"])
    assert again.split("\n") == [
        "base",
        "a",
        "",
        FURTHER_INSTRUCTIONS,
        "b",
        "c",
        "",
        FURTHER_INSTRUCTIONS,
        "bb",
        "",
        FURTHER_INSTRUCTIONS,
        "d",
    ]


def test_a_heading_is_repeated_only_next_to_a_new_line():
    joined = concatenate(["Rules:\nr1\nExample:\n```\n1 + 1\n```", "Rules:\nr1\nExample:\n2 + 2\n```\nabc\n```"])
    assert joined.split(FURTHER_INSTRUCTIONS)[1].strip() == "Example:\n2 + 2\n```\nabc\n```"


def test_repeated_lines_of_the_first_prompt_are_kept():
    assert concatenate(["Step:\ngo\nStep:\ngo", "x"]).startswith("Step:\ngo\nStep:\ngo\n")
