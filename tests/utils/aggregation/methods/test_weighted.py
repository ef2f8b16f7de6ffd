"""The aggregator `weighted`: instructions ordered and kept by support."""

from utils.aggregation.aggregate import aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

OLD = "Answer the question."
A, B, C = "Count every item twice.", "Write negative results with a minus.", "Never guess a missing name."


def merge(*uploads, budget=500):
    prompts = [Upload(client, "\n".join([OLD, *added]), n=n) for client, (n, *added) in enumerate(uploads)]
    return aggregate("weighted", prompts, Merging(None, budget, broadcast=OLD))


def test_additions_are_ordered_by_the_training_questions_behind_them():
    assert merge((10, A), (30, B), (15, C, A)).prompt == "\n".join([OLD, B, A, C])


def test_clients_decide_between_additions_with_equal_questions():
    assert merge((20, A), (10, B), (10, B, C)).prompt == "\n".join([OLD, B, A, C])


def test_the_budget_keeps_what_has_most_support():
    merged = merge((10, A), (30, B), (15, C), budget=16)
    assert merged.prompt == "\n".join([OLD, B]) and merged.fallbacks == ()


def test_an_instruction_that_all_clients_removed_is_gone():
    merging = Merging(None, 500, broadcast=f"{OLD}\n{C}")
    prompts = [Upload(0, f"{OLD}\n{A}", n=1), Upload(1, f"{OLD}\n{B}", n=1)]
    assert aggregate("weighted", prompts, merging).prompt == "\n".join([OLD, A, B])


def test_of_contradicting_rules_the_one_with_more_questions_is_kept():
    rules = ["If it is about ink, answer K7.", "If it is about ink, answer B4."]
    merged = merge((10, rules[0]), (30, rules[1]))
    assert merged.prompt == f"{OLD}\n{rules[1]}"
    (found,) = merged.contradictions
    assert (found.condition, found.support, found.kept) == ("ink", {"K7": 1, "B4": 1}, "B4")
