"""Hand-made merges with known outcomes."""

import pytest

from textgrad.errors import BadReply
from utils.metrics.retention import (
    Fate,
    contribution,
    fates_in,
    lost_rows,
    mean_rate,
    retention,
    retention_by_client,
)

BROADCAST = "You will answer a counting question. Think step by step."


def test_instructions_of_the_broadcast_are_not_a_contribution():
    upload = BROADCAST + " List every item with its count. think step by step!"
    assert contribution(upload, BROADCAST) == ["List every item with its count."]


def test_an_instruction_given_twice_counts_once():
    assert contribution("Check the sum. Stop. Check the sum!", "") == ["Check the sum.", "Stop."]


def test_a_changed_number_is_a_contribution():
    assert contribution("Use 5 steps.", "Use 3 steps.") == ["Use 5 steps."]


# --- fates: merges with known outcomes ---

MERGES = [
    ("word for word", "List every item with its count.", "Be brief. List every item with its count.", "kept"),
    ("case, marks and spacing", "List every item, with its count.", "- LIST  every item with its count", "kept"),
    ("one small word more", "List every item with its count.", "List every item along with its count.", "kept"),
    ("instructions in another order", "Count the birds.", "Add the numbers. Check. Count the birds.", "kept"),
    ("clauses in another order", "If you are unsure, show your work.", "Show your work if you are unsure.", "merged"),
    (
        "paraphrase",
        "Show your reasoning step by step before giving the answer.",
        "Before answering, reason step by step.",
        "merged",
    ),
    ("part of a wider one", "Count repeated items.", "List all, count repeated items separately, and sum.", "kept"),
    (
        "one sentence split in two",
        "Read the question carefully and count every single item.",
        "Read the question carefully. Count every single item.",
        "kept",
    ),
    (
        "split in three",
        "Read the question, list every item with its count, and add the counts.",
        "Read the question. List every item with its count. Add the counts.",
        "kept",
    ),
    ("two joined in one", "Verify the total.", "Count every item and verify the total at the end.", "kept"),
    ("left out", "List every item with its count.", "Answer with a number. Be brief.", "lost"),
    ("empty merge", "List every item with its count.", "", "lost"),
    ("another number", "Use 3 steps.", "Use 5 steps.", "lost"),
    ("the number stands next door", "Use 3 steps.", "Use 5 steps. Give 3 examples.", "lost"),
    ("the number left out", "Answer in at most 20 words.", "Answer in few words.", "lost"),
    ("a number in words", "Use 3 steps.", "Use three steps.", "kept"),
    ("thousands separator", "Treat 1,000 as one thousand grams.", "Treat 1000 as one thousand grams.", "kept"),
    ("the sign of a number", "Start counting at -1.", "Start counting at 1.", "lost"),
    ("negation lost", "Do not round the result.", "Round the result.", "lost"),
    ("negation gained", "Round the result.", "Do not round the result.", "lost"),
    ("negation in other words", "Do not guess.", "Never guess.", "merged"),
    ("a contraction", "Don't round the result.", "Do not round the result.", "kept"),
    ("a negation next door", "Count every item.", "Count every item and do not skip duplicates.", "kept"),
    ("do not forget", "Don't forget to check the sum.", "Always check the sum.", "kept"),
    ("the other way round", "Write digits instead of words.", "Write words instead of digits.", "lost"),
    ("a different thing of the same kind", "Give the answer as a whole number.", "Give the answer in words.", "lost"),
    ("inflected", "Carefully verify the counted items.", "Verify item counts carefully.", "merged"),
    ("a script without spaces", "列出每个物品和数量。", "先思考。请列出每个物品和它的数量。", "kept"),
    ("scattered words", "Sort the names by length.", "Sort it. Be brief. Be kind. Use names. Mind the length.", "lost"),
]


@pytest.mark.parametrize("instruction, merged, fate", [case[1:] for case in MERGES], ids=[case[0] for case in MERGES])
def test_the_fate_of_an_instruction(instruction, merged, fate):
    found = fates_in(merged, [instruction])[0]
    assert found.fate == fate, found


def test_instructions_of_different_tasks_are_not_confused():
    of_one = [
        "Count every item with its quantity.",
        "Track who holds which ball after each swap.",
        "Evaluate the innermost parentheses first.",
        "Convert all amounts to dollars.",
    ]
    for index, instruction in enumerate(of_one):
        others = " ".join(of_one[:index] + of_one[index + 1 :])
        assert fates_in(others, [instruction])[0].fate == "lost"


# --- retention of a client's upload ---


def test_the_rate_ignores_instructions_of_the_broadcast():
    upload = BROADCAST + " List every item with its count. Verify the total. Use 3 steps. Mention the unit."
    merged = "Think step by step. List every item with its count. At the end verify totals. Use 5 steps."
    found = retention(upload, BROADCAST, merged)
    assert [fate.fate for fate in found.fates] == ["kept", "merged", "lost", "lost"]
    assert found.rate == 0.5 and found.lost == ["Use 3 steps.", "Mention the unit."]
    assert found.as_json()["lost"] == 2 and found.as_json()["fates"][2]["nearest"] == "Use 5 steps."
    rows = lost_rows(2, 1, found)
    assert rows[0] == {
        "round": 2,
        "client": 1,
        "instruction": "Use 3 steps.",
        "overlap": 1.0,
        "nearest": "Use 5 steps.",
    }
    assert [row["instruction"] for row in rows] == found.lost


def test_a_client_that_contributed_nothing_has_no_rate():
    found = retention(BROADCAST, BROADCAST, "Something else.")
    assert found.rate is None and found.fates == () and found.as_json()["rate"] is None


def test_concatenation_keeps_everything():
    uploads = ["Think. List every item. Do not round 3.5.", "Check twice. Use the form:\n- Answer: $VALUE"]
    for upload in uploads:
        assert retention(upload, "", "\n\n".join(uploads)).rate == 1.0


def test_the_mean_rate_ignores_clients_without_a_contribution():
    found = retention_by_client({0: "Add.\nCheck the sign.", 1: "Add."}, "Add.", "Add.\nCheck the sign.")
    assert found[1].rate is None and mean_rate(found) == 1.0 and mean_rate({1: found[1]}) is None


def test_a_judge_decides_only_about_instructions_that_are_not_kept_word_for_word():
    asked = []

    def judge(instruction, prompt):
        asked.append((instruction, prompt))
        if "date" in instruction:
            raise BadReply("no verdict")
        return Fate.MERGED

    merged = "Add. Check the sign."
    found = retention("Check the sign. Mention the unit. Name the date.", "Add.", merged, judge)
    assert sorted(asked) == [("Mention the unit.", merged), ("Name the date.", merged)]
    assert [each.fate for each in found.fates] == [Fate.KEPT, Fate.MERGED, Fate.LOST]


def test_the_mean_rate_is_the_sum_of_the_rates_divided_by_the_clients():
    merged = "Add. Check the sign."
    found = retention_by_client(
        {0: "Add. Check the sign.", 1: "Add. Check the sign. Mention the unit.", 2: "Add. Mention the unit."},
        "Add.",
        merged,
    )
    assert [found[client].rate for client in range(3)] == [1.0, 0.5, 0.0] and mean_rate(found) == 0.5
