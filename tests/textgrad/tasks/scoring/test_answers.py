"""Scorers, on the forms in which models write answers."""

import time

import pytest

from textgrad.engine.base import Text
from textgrad.tasks.scoring.answers import SCORERS, boolean, brackets, choice, exact, number, words

WORDS = "ami bituminous it&t you've zed"


@pytest.mark.parametrize(
    "reply",
    [
        "-5",
        "(-5)",
        "Answer: -5",
        "Answer: −5",
        "Answer: x = -5",
        "Answer: 12 - 17 = -5",
        "\\boxed{-5}",
        "The answer is -5.",
        "**-5**",
        "So 12 - 17 = -5",
        "Answer: -$5",
        "#### -5",
    ],
)
def test_a_minus_sign_is_part_of_the_answer(reply):
    assert number(reply, "-5") == 1
    assert number(reply, "5") == 0


@pytest.mark.parametrize(
    "reply",
    [
        "7",
        "7.",
        "Answer: 7.0",
        "Answer: $7",
        "7 apples",
        "Answer: 7 apples",
        "\\boxed{7}",
        "Answer: seven",
        "Answer: 14/2",
        "She bought 3 and 4, so she has 7 apples.",
        "Answer: 7%",
        "Answer: 5\nNo: 9 - 2 is 7.\nAnswer: 7",
        "**Step 3:** count them.\n\nTotal: 7",
        "**Total:** 7",
        "7 apples (3 red and 4 green)",
    ],
)
def test_a_number_may_be_written_in_many_ways(reply):
    assert number(reply, "7") == 1
    assert number(reply, "8") == number(reply, "-7") == 0


@pytest.mark.parametrize(
    "reply", ["no answer", "Answer: no answer", "Answer: none", "Answer:", "", " \n", "I cannot say"]
)
def test_a_missing_answer_is_not_zero(reply):
    assert number(reply, "0") == 0


def test_thousands_separators_do_not_matter_on_either_side():
    assert number("Answer: 1,234", "1234") == number("Answer: 1234", "1,234") == 1
    assert number("Answer: 1,234", "1") == number("Answer: 1,234", "234") == 0


def test_fractions_equal_decimals():
    assert number("Answer: 1/2", "0.5") == number("Answer: 0.5", "1/2") == 1


def test_the_explicit_answer_decides_even_if_a_right_one_occurs_elsewhere():
    assert number("7 is wrong. Answer: 8", "7") == 0
    assert number("I counted 7. Answer: unknown", "7") == 0
    assert choice("(B) is wrong. Answer: (C)", "(B)") == 0


@pytest.mark.parametrize(
    "reply",
    [
        "(B)",
        "B",
        "b",
        "(b)",
        "B.",
        "B)",
        "The answer is (B).",
        "**(B)**",
        "Answer: B",
        "Answer: **B**",
        "Answer: option B",
        "\\boxed{B}",
        "$\\boxed{\\text{(B)}}$",
        "The correct answer is B) the raven",
        "Answer: B because (A) is wrong",
        "Answer: (B) because (A) is wrong",
        "(A) is wrong and (C) is wrong.\nHence (B)",
        "(B), as (A) is wrong",
        "Answer:\n(B)",
        "I choose option B",
        "(B) The raven is the rightmost.",
        "### Answer\n\n**B**",
        "<answer>B</answer>",
        'The answer is "B"',
    ],
)
def test_an_option_may_be_written_in_many_ways(reply):
    assert choice(reply, "(B)") == 1
    assert choice(reply, "(A)") == choice(reply, "(C)") == 0


@pytest.mark.parametrize(
    "reply",
    [
        "(A) or (B)",
        "Answer: A or B",
        "Answer: both (A) and (B)",
        "Answer: (A), (B)",
        "Answer: A bird sings",
        "Answer: the object(s)",
        "",
        "no idea",
    ],
)
def test_several_options_or_none_are_not_a_choice(reply):
    assert choice(reply, "(A)") == choice(reply, "(B)") == choice(reply, "(S)") == 0


def test_an_answer_that_is_not_a_letter_is_compared_as_text():
    assert choice("Answer: monsters, inc.", "Monsters, Inc") == 1
    assert choice("Answer: (A)", "Monsters, Inc") == choice("Answer: Monsters, Inc", "(A)") == 0


@pytest.mark.parametrize(
    "reply",
    [
        "Yes",
        "yes.",
        "**Yes**",
        "Answer: Yes, there is no doubt",
        "\\boxed{\\text{Yes}}",
        "First no.\n\nBut then yes.",
        "Yes, there is no doubt",
        "Answer: True",
        "The statement is not false",
        "It is plausible, so the answer is yes",
        "Answer: it holds, so yes",
    ],
)
def test_yes_is_recognized(reply):
    assert boolean(reply, "Yes") == boolean(reply, "True") == 1
    assert boolean(reply, "No") == boolean(reply, "invalid") == 0


@pytest.mark.parametrize(
    "reply",
    [
        "No",
        "Answer: invalid",
        "Answer: not valid",
        "Answer: not deductively valid",
        "Answer: False",
        "Answer: True and False = False",
        "Answer: No, yes would be wrong",
    ],
)
def test_no_is_recognized(reply):
    assert boolean(reply, "No") == boolean(reply, "invalid") == 1
    assert boolean(reply, "Yes") == boolean(reply, "valid") == 0


@pytest.mark.parametrize(
    "reply", ["Answer: no answer", "", "Answer: yes or no", "Answer: Yes/No", "maybe", "Answer: none"]
)
def test_a_missing_answer_is_not_a_no(reply):
    assert boolean(reply, "No") == boolean(reply, "Yes") == 0


@pytest.mark.parametrize(
    "reply",
    [
        WORDS,
        f"Answer: {WORDS}",
        f"**{WORDS}**",
        f"Answer: {WORDS}\n\nThey are in order.",
        f"Sorted list: {WORDS}",
        "Answer: " + WORDS.replace(" ", ", "),
        "Answer: " + WORDS.replace(" ", " -> "),
        f"Answer: {WORDS.split()}",
        "Answer:\n- " + WORDS.replace(" ", "\n- "),
        "Answer: Ami, Bituminous, It&t, You’ve, and Zed.",
        "Answer:\n" + "\n".join(f"{number}. {word}" for number, word in enumerate(WORDS.split(), 1)),
    ],
)
def test_a_list_of_words_may_be_separated_in_many_ways(reply):
    assert words(reply, WORDS) == 1
    assert words(reply, f"{WORDS} zoo") == 0
    assert words(reply, "ami it&t bituminous you've zed") == 0


@pytest.mark.parametrize(
    "reply",
    [
        "] ] >",
        "Answer: ] ] >",
        "Answer: ]]>",
        "**Answer:** `] ] >`",
        "Answer:\n] ] >",
        "\\boxed{] ] >}",
        "The input is [ [ <.\n] ] >",
        "So the answer is: **] ] >**",
    ],
)
def test_brackets_are_compared_without_spaces(reply):
    assert brackets(reply, "] ] >") == 1
    assert brackets(reply, "] > ]") == brackets(reply, "] ]") == 0


def test_texts_are_compared_without_case_quotes_and_markup():
    assert exact("Answer: “New  York”.", "new york") == 1
    assert exact("I think so.\n\nNew York", "New York") == 1
    assert exact("Answer: New York City", "New York") == 0
    assert exact("Answer: York", "New York") == 0


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("number", "7"),
        ("choice", "(B)"),
        ("boolean", "Yes"),
        ("words", "a b"),
        ("brackets", "] ]"),
        ("exact", "New York"),
    ],
)
def test_a_truncated_reply_counts_only_with_an_explicit_answer(kind, reply):
    assert SCORERS[kind](reply, reply) == 1
    assert (
        SCORERS[kind](Text(f"**{reply}**", "truncated"), reply) == SCORERS[kind](Text(reply, "truncated"), reply) == 0
    )
    assert SCORERS[kind](Text(f"Answer: {reply}\nI say so, bec", "truncated"), reply) == 1
    assert SCORERS[kind](Text(f"\\boxed{{{reply}}} and so o", "truncated"), reply) == 1


@pytest.mark.parametrize("kind", SCORERS)
@pytest.mark.parametrize(
    "reply",
    [
        "",
        "\\boxed{",
        "****",
        "Answer: ((((",
        "=",
        "Answer: =",
        "((((",
        "**" * 500,
        "-" * 500,
        "\x00\ud800",
        "Answer: " + "1," * 2000,
        "1 - " * 2000,
        "yes or " * 500,
    ],
)
def test_scorers_accept_any_reply(kind, reply):
    expected = {"number": "17", "choice": "(A)", "boolean": "No", "brackets": ")"}.get(kind, "wanted")
    assert SCORERS[kind](reply, expected) == 0


@pytest.mark.parametrize("kind", SCORERS)
def test_long_malformed_replies_are_scored_quickly(kind):
    started = time.monotonic()
    parts = (
        "(",
        "a",
        "(a",
        "1 ",
        "1,",
        "-",
        "**a",
        "Answer: ",
        "<answer>",
        "\\boxed{",
        "yes or ",
        "[ ",
        "= ",
        "$",
        "* ",
    )
    for part in parts:
        SCORERS[kind]("(" + part * (20_000 // len(part)), "7")
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    "reply, right",
    [
        ("```\na\nb\n```\nor\n```\nc\nd\n```\nI choose the second one.", 1),
        ("```\nc\nd\n```\nno, rather\n```\na\nb\n```\nThat is it.", 0),
    ],
)
def test_of_several_code_blocks_the_last_one_is_the_answer(reply, right):
    assert exact(reply, "c\nd") == right


@pytest.mark.parametrize(
    "reply, right",
    [
        ("Let us close them.\n] ]\n", 1),
        ("] ]\nThat closes all of them.", 1),
        ("] >\nNo, that is wrong, this closes them:\n] ]\n\nAll are closed.", 1),
        ("] ]\nNo, that is wrong:\n] >\n\nAll are closed.", 0),
        ("It has no brackets at all.", 0),
        ("", 0),
    ],
)
def test_the_last_line_of_brackets_only_is_the_answer(reply, right):
    assert brackets(reply, "] ]") == right
