"""Instructions of uploads as items: versions, support, and prompts revised in place."""

import pytest

from textgrad.tokens import estimate_tokens
from utils.aggregation.items import items_of, keep_most_supported, revise
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

OLD = """You route tickets.

Follow these rules:
1. Think step by step.
2. Check the unit of every number.

End with the queue on the last line."""
LONGER = OLD.replace("Think step by step.", "Think step by step and list every given fact.")
SHORTER = OLD.replace("2. Check the unit of every number.\n", "")
DATES, SAME_DATES = "Convert all dates to ISO form.", "Convert all the dates into ISO form."


def uploads(*prompts, n=10):
    return [Upload(client, prompt, n=n) for client, prompt in enumerate(prompts)]


def found(*prompts, broadcast=OLD):
    """Return the clients behind each version, by item."""
    return {
        item.old or item.subject or item.best: {
            version: [upload.client for upload in behind] for version, behind in item.versions.items() if behind
        }
        for item in items_of(uploads(*prompts), broadcast)
    }


def test_an_instruction_is_kept_changed_or_removed():
    items = found(OLD, LONGER, SHORTER)
    longer = "Think step by step and list every given fact."
    assert items["Think step by step."] == {"Think step by step.": [0, 2], longer: [1]}
    assert items["Check the unit of every number."] == {"Check the unit of every number.": [0, 1]}
    assert items["You route tickets."] == {"You route tickets.": [0, 1, 2]}
    assert longer not in items, "changed instructions are not additions"


def test_additions_in_similar_words_are_one_item_in_the_first_wording():
    items = found(f"{OLD}\n{DATES}", f"{OLD}\nNever guess.", f"{OLD}\n{SAME_DATES}")
    assert items[DATES] == {DATES: [0, 2]} and items["Never guess."] == {"Never guess.": [1]}


@pytest.mark.parametrize("other", ["Use 7 decimal places.", "Do not use decimal places."])
def test_other_numbers_and_negations_are_no_similar_words(other):
    items = found(f"{OLD}\nUse 5 decimal places.", f"{OLD}\n{other}")
    assert len(items) == len(found(OLD)) + 2


def test_an_instruction_with_another_number_is_a_change():
    old = "Use 5 decimal places in every result."
    assert found(old.replace("5", "7"), broadcast=old) == {old: {old.replace("5", "7"): [0]}}


def test_rules_about_one_subject_are_one_item_whose_versions_are_answers():
    items = found("If it is about the Printer, answer K7.", "If it is about the printer, answer B4.")
    assert items["the Printer"] == {"K7": [0], "B4": [1]}


def test_rules_with_redacted_subjects_are_different_items():
    rules = [f"If it is about [redacted], answer {answer}." for answer in ("K7", "B4")]
    merging = Merging(None, 500)
    merged = keep_most_supported(items_of(uploads(*rules), ""), merging)
    assert merged.splitlines() == rules and not merging.contradictions


def test_support_counts_training_questions_and_clients_of_equal_uploads():
    (item,) = items_of([Upload(0, "Be brief.", n=30, copies=2), Upload(3, "Be brief.", n=5)], "")
    assert item.support == (35, 3)


def test_one_upload_supports_an_item_once():
    (item,) = items_of(uploads(f"{DATES}\n{SAME_DATES}"), "")
    assert item.support == (10, 1)


def test_a_revision_keeps_the_form_of_everything_else():
    edits = {"Think step by step.": "List the facts.", "Check the unit of every number.": ""}
    expected = OLD.replace("Think step by step.", "List the facts.").replace("2. Check the unit of every number.\n", "")
    assert revise(OLD, edits) == expected
    assert revise(OLD, {}, ["Be brief."]) == f"{OLD}\nBe brief."


def test_a_revision_changes_a_sentence_within_a_paragraph_and_over_wrapped_lines():
    text = "Read it. Think about\nevery step of it. Answer."
    assert revise(text, {"Think about every step of it.": ""}) == "Read it. Answer."


def test_only_the_instruction_itself_is_removed_not_its_words_in_others():
    text = "Always be brief in every answer.\nbe brief"
    assert revise(text, {"be brief": ""}) == "Always be brief in every answer."


def test_a_wording_that_two_instructions_get_is_written_once():
    assert revise("One.\nTwo.\nThree.", {"One.": "Both.", "Two.": "Both."}) == "Both.\nThree."


def test_a_prompt_whose_instructions_are_all_removed_holds_the_additions():
    assert revise("One.\nTwo.", {"One.": "", "Two.": ""}, ["New."]) == "New."


@pytest.mark.parametrize("budget", [10, 30, 60])
def test_the_least_supported_items_are_left_out_above_the_budget(budget):
    additions = [f"Treat the topic {name} with great care." for name in ("apples", "pears", "plums", "figs")]
    prompts = ["\n".join([OLD, *additions[: number + 1]]) for number in range(4)]
    merged = keep_most_supported(items_of(uploads(*prompts), OLD), Merging(None, budget, broadcast=OLD))
    assert estimate_tokens(merged) <= budget
    kept = [addition for addition in additions if addition in merged]
    assert kept == additions[: len(kept)]
