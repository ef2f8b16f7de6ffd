"""Rules as lines of a prompt."""

import pytest

from textgrad.rule_lines import Rule, put_rules, rules_in, subject


@pytest.mark.parametrize("rule", [Rule("printer", "K7"), Rule("lock or key, or gate", "not valid"), Rule("a", "1.5")])
def test_a_rule_is_read_as_it_is_written(rule):
    assert Rule.read(str(rule)) == rule
    assert rules_in(f"Route.\n{rule}\n\n{rule}") == [rule, rule]


def test_a_rule_reads_as_a_sentence():
    assert str(Rule("printer", "K7")) == "If it is about printer, answer K7."


@pytest.mark.parametrize(
    "line", ["- If it is about ink, answer K7.", "if it is about ink, answer K7", "  If it is about ink , answer K7.  "]
)
def test_list_markers_letter_case_and_spaces_do_not_matter(line):
    assert Rule.read(line) == Rule("ink", "K7")


@pytest.mark.parametrize("line", ["", "Answer K7.", "It is about printers, answer K7.", "If it is about printers."])
def test_another_line_is_no_rule(line):
    assert Rule.read(line) is None


@pytest.mark.parametrize(
    "text, expected", [(" printers.", "printers"), ("a\nb", "a b"), ("(x), ", "x"), (" ,", ""), ("", "")]
)
def test_a_subject_is_one_line_without_punctuation_around_it(text, expected):
    assert subject(text) == expected


def test_new_rules_end_the_prompt_in_their_order():
    prompt = put_rules("Route each ticket.", {"K7": ["ink", "paper"], "B4": ["door"]})
    assert prompt.splitlines() == ["Route each ticket.", *map(str, rules_in(prompt))]
    assert rules_in(prompt) == [Rule("ink", "K7"), Rule("paper", "K7"), Rule("door", "B4")]


def test_rules_replace_all_rules_with_the_same_answer_and_nothing_else_changes():
    old = ["Route.", "", "- If it is about pens, answer K7.", "Be brief.", str(Rule("ink", "K7")), str(Rule("a", "B4"))]
    new = ["Route.", "", str(Rule("ink", "K7")), str(Rule("toner", "K7")), "Be brief.", str(Rule("a", "B4"))]
    assert put_rules("\n".join(old), {"K7": ["ink", "toner"]}) == "\n".join(new)
    assert put_rules("\n".join(old), {"K7": []}) == f"Route.\n\nBe brief.\n{Rule('a', 'B4')}"
