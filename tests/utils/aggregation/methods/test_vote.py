"""The aggregator `vote`: instructions that a share of the clients supports."""

import pytest

from utils.aggregation.aggregate import aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

OLD = "Answer the question.\nThink step by step."
A, B = "Count every item twice.", "Write negative results with a minus."


def merge(*prompts, n=(), share=0.5):
    uploads = [Upload(client, prompt, n=n[client] if n else 10) for client, prompt in enumerate(prompts)]
    return aggregate("vote", uploads, Merging(None, 500, broadcast=OLD, vote_share=share)).prompt


def test_an_addition_of_most_clients_is_kept_and_one_of_few_is_not():
    assert merge(f"{OLD}\n{A}", f"{OLD}\n{A}\n{B}", OLD) == f"{OLD}\n{A}"


@pytest.mark.parametrize("share, kept", [(0.2, [A, B]), (0.5, [A]), (0.51, []), (1.0, [])])
def test_the_share_decides(share, kept):
    uploads = [f"{OLD}\n{A}", f"{OLD}\n{A}\n{B}", OLD, f"{OLD}\nNever guess a missing name or date."]
    merged = merge(*uploads, share=share)
    assert [text for text in (A, B) if text in merged] == kept


def test_votes_are_weighted_by_training_questions():
    assert A in merge(f"{OLD}\n{A}", OLD, f"{OLD}\n{B}", n=[50, 20, 20])
    assert A not in merge(f"{OLD}\n{A}", OLD, f"{OLD}\n{B}", n=[20, 20, 20])


def test_a_share_is_reached_exactly_in_spite_of_rounding():
    assert A in merge(f"{OLD}\n{A}", OLD, f"{OLD}\n{B}", n=[7, 43, 50], share=0.07)


def test_clients_count_if_a_number_of_questions_is_unknown():
    assert A in merge(f"{OLD}\n{A}", f"{OLD}\n{A}\n{B}", f"{OLD}\n{B} Now.", n=[0, 0, 50])


def test_an_instruction_is_removed_by_most_clients_only():
    short = "Answer the question."
    assert "step by step" in merge(short, OLD, f"{OLD}\n{B}")
    assert "step by step" not in merge(short, f"{short}\n{B}", OLD)


def test_a_change_by_few_clients_is_undone_and_one_by_most_is_adopted():
    changed = OLD.replace("step by step", "step by step and list every given fact")
    assert merge(changed, OLD, f"{OLD}\n{B}") == OLD
    assert merge(changed, f"{changed}\n{A}", OLD) == changed
