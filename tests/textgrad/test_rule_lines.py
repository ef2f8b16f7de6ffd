"""Rules as lines of a prompt."""

import pytest

from textgrad.rule_lines import Rule, put_rules, subject

RULES = [
    Rule(("printers",), "K7"),
    Rule(("printers", "copiers"), "K7"),
    Rule(("printers", "big copiers", "the plotter"), "not valid"),
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_read_as_it_is_written(rule):
    assert Rule.read(str(rule)) == rule


def test_a_rule_reads_as_a_sentence():
    assert str(RULES[1]) == "If it is about printers or copiers, answer K7."
    assert str(RULES[2]) == "If it is about printers, big copiers or the plotter, answer not valid."


@pytest.mark.parametrize(
    "line",
    [
        "- If it is about printers, copiers, or scanners, answer K7.",
        "if it is about printers, copiers or scanners, answer K7",
        "  If it is about printers, copiers, scanners, answer K7.  ",
    ],
)
def test_list_markers_letter_case_and_commas_do_not_matter(line):
    assert Rule.read(line) == Rule(("printers", "copiers", "scanners"), "K7")


@pytest.mark.parametrize("line", ["", "Answer K7.", "It is about printers, answer K7.", "If it is about printers."])
def test_another_line_is_no_rule(line):
    assert Rule.read(line) is None


@pytest.mark.parametrize(
    "text, expected",
    [(" printers.", "printers"), ("door or gate", "door"), ("a\nb", "a b"), ("(x), y", "x"), (" ,", ""), ("", "")],
)
def test_a_subject_cannot_break_its_rule(text, expected):
    assert subject(text) == expected


def test_new_rules_end_the_prompt_in_their_order():
    prompt = put_rules("Route each ticket.", [Rule(("printers",), "K7"), Rule(("doors",), "B4")])
    assert prompt == "Route each ticket.\nIf it is about printers, answer K7.\nIf it is about doors, answer B4."


def test_a_rule_takes_the_place_of_all_rules_with_its_answer_and_nothing_else_changes():
    old = [
        "Route.",
        "",
        "- If it is about pens, answer k7.",
        "Be brief.",
        "If it is about ink, answer K7.",
        str(RULES[2]),
    ]
    new = ["Route.", "", str(RULES[0]), "Be brief.", str(RULES[2])]
    assert put_rules("\n".join(old), [RULES[0]]) == "\n".join(new)
