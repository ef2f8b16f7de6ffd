"""The aggregator `union`: lines once, rules with the same answer together, contradictions settled."""

import pytest

from textgrad.rule_lines import Rule
from utils.aggregation.aggregate import aggregate
from utils.aggregation.concatenation import concatenate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

BASE = "Route each ticket.\n\nBe brief."


def rules(**subjects):
    return "\n".join(str(Rule(subject, answer)) for answer, named in subjects.items() for subject in named)


def uploads(*prompts, copies=()):
    copies = [*copies, *[1] * len(prompts)]
    return [Upload(number, prompt, copies=copies[number]) for number, prompt in enumerate(prompts)]


def merge(*prompts, copies=(), score=None, budget=500):
    return aggregate("union", uploads(*prompts, copies=copies), Merging(None, budget, broadcast=BASE, validate=score))


def test_lines_of_all_uploads_occur_once_and_the_first_upload_stays_together():
    merged = merge(f"{BASE}\nOne.", f"{BASE}\nTwo.\nOne.", f"Zero.\n\n{BASE}")
    assert merged.prompt == concatenate([f"{BASE}\nOne.", "Two.", "Zero."]) and merged.calls == 0


def test_rules_stand_together_by_answer_each_once():
    merged = merge(f"{BASE}\n{rules(K7=['printer'])}", f"{BASE}\n{rules(B4=['door'], K7=['copier', 'Printer'])}")
    assert merged.prompt == f"{BASE}\n{rules(K7=['printer', 'copier'], B4=['door'])}"
    assert merged.contradictions == ()


def test_of_contradicting_rules_the_one_with_more_clients_is_kept():
    first, second = rules(K7=["ticket", "ink"]), rules(B4=["Ticket", "door"])
    merged = merge(first, second, copies=[1, 2])
    assert merged.prompt == rules(K7=["ink"], B4=["Ticket", "door"])
    [found] = merged.contradictions
    assert found.as_json() == {
        "condition": "ticket",
        "support": {"K7": 1, "B4": 2},
        "kept": "B4",
        "settled_by": "support",
    }


def test_a_rule_that_loses_all_its_subjects_disappears():
    assert merge(rules(K7=["ticket"]), rules(B4=["ticket"]), copies=[1, 3]).prompt == rules(B4=["ticket"])


def test_a_tie_is_settled_by_validation():
    scores = {rules(K7=["ticket"]): 0.2, rules(B4=["ticket"]): 0.6}
    merged = merge(rules(K7=["ticket"]), rules(B4=["ticket"]), score=lambda prompt: scores[prompt])
    assert merged.prompt == rules(B4=["ticket"])
    assert [each.settled_by for each in merged.contradictions] == ["validation"]


@pytest.mark.parametrize("score", [None, lambda prompt: 0.5])
def test_a_tie_that_validation_does_not_settle_goes_to_the_first_upload(score):
    assert merge(rules(K7=["ticket"]), rules(B4=["ticket"]), score=score).prompt == rules(K7=["ticket"])


def test_in_a_tie_that_validation_leaves_open_the_first_upload_wins_also_over_uploads_without_the_rule():
    merged = merge(rules(K7=["ticket"]), rules(B4=["ticket"]), "Be brief.", score=lambda prompt: 0.5)
    assert rules(K7=["ticket"]) in merged.prompt and "B4" not in merged.prompt


def test_a_rule_that_the_clients_started_from_does_not_outvote_what_one_of_them_learned():
    old, learned = rules(K7=["ticket"]), rules(B4=["ticket"])
    uploads_ = uploads(old, f"{old}\nBe brief.", learned)
    merged = aggregate("union", uploads_, Merging(None, 500, broadcast=old))
    assert learned in merged.prompt and old not in merged.prompt


def test_redacted_subjects_contradict_nothing():
    first, second = rules(K7=["[redacted]"]), rules(B4=["[redacted]"])
    assert merge(first, second).prompt.splitlines() == [first, second]


def test_a_union_above_the_budget_is_not_scored_and_lists_no_contradictions():
    def fail(prompt):
        raise AssertionError("scored")

    long = "word " * 40
    merged = merge(f"{long}\n{rules(K7=['ticket'])}", f"{long}more\n{rules(B4=['ticket'])}", score=fail, budget=80)
    assert merged.contradictions == () and "concat" in merged.fallbacks


def test_validation_is_not_asked_without_a_tie():
    def fail(prompt):
        raise AssertionError("scored")

    merge(rules(K7=["ticket"]), rules(B4=["ticket"]), copies=[1, 2], score=fail)
    merge(rules(K7=["ticket"]), rules(B4=["door"]), score=fail)


def test_an_upload_may_support_several_answers_for_a_subject_once_each():
    both = rules(K7=["ticket"], B4=["ticket", "Ticket"])
    merged = merge(both, rules(K7=["ticket"]))
    assert merged.prompt == rules(K7=["ticket"])
    assert merged.contradictions[0].support == {"B4": 1, "K7": 2}


def test_a_union_above_the_budget_falls_back_to_what_fits():
    merged = merge(f"{BASE}\n" + "word " * 30, f"{BASE}\nTwo.", "Other " * 30, budget=60)
    assert BASE in merged.prompt and "Other" in merged.prompt and "word" not in merged.prompt
    assert {"concat", "left_out"} <= set(merged.fallbacks)
