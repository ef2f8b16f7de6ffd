"""GPQA, from a local copy."""

import pytest
from hub_copies import write_copy

from textgrad.errors import UsageError
from textgrad.tasks import get_task, load_instance_task
from textgrad.tasks.gpqa import GPQA


@pytest.fixture
def folder(tmp_path, hub_cache):
    rows = [
        {"Question": f"Question {number}?", "Correct Answer": "right\n"}
        | {f"Incorrect Answer {each}": f"wrong {each}" for each in (1, 2, 3)}
        for number in range(40)
    ]
    write_copy(tmp_path, "Idavidrein/gpqa", {"gpqa_diamond": {"train": rows}})
    return tmp_path


def right_option(question):
    return next(line for line in question.splitlines() if line.endswith(") right"))[1]


def test_questions_are_split_by_the_seed_and_the_right_option_moves_with_the_question_only(folder):
    task, other = (get_task("GPQA_diamond", data_dir=folder, seed=seed) for seed in (0, 1))
    parts = [part.examples for part in (task.train, task.val, task.test)]
    assert [len(part) for part in parts] == [20, 8, 12] and len(set().union(*parts)) == 40
    assert parts[0] != other.train.examples
    assert {*other.train.examples, *other.val.examples, *other.test.examples} == set().union(*parts)
    assert all(answer == right_option(question) for part in parts for question, answer in part)
    assert len({answer for part in parts for _, answer in part}) == 4


def test_single_answers_can_be_improved(folder):
    questions = load_instance_task("GPQA_diamond", "simulated", root=str(folder))
    request, right, *_ = questions[0]
    assert len(questions) == 40 and right == right_option(request)


def test_an_unknown_subset_is_refused():
    with pytest.raises(UsageError, match="unknown subset 'gpqa_hard'; known, nearest first: gpqa_"):
        GPQA("gpqa_hard")
