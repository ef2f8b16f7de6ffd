"""MMLU, from a local copy."""

import pytest
from hub_copies import write_copy

from textgrad.engine import get_engine
from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import MMLU, get_task, load_instance_task
from textgrad.tasks.mmlu import SUBJECTS
from textgrad.variable import Variable

SIZES = {"dev": 5, "validation": 11, "test": 24}


def row(split, number):
    options = [f"option {each}" for each in range(4)]
    return {"question": f"{split} question {number}?", "choices": options, "answer": number % 4}


@pytest.fixture
def folder(tmp_path, hub_cache):
    splits = {split: [row(split, number) for number in range(size)] for split, size in SIZES.items()}
    write_copy(tmp_path, "cais/mmlu", {"anatomy": splits})
    return tmp_path


def test_the_questions_of_all_official_splits_are_shuffled_by_the_seed_and_split_without_overlap(folder):
    task, again, other = (get_task("MMLU_anatomy", data_dir=folder, seed=seed) for seed in (0, 0, 1))
    parts = [{question for question, _ in part.examples} for part in (task.train, task.val, task.test)]
    assert [len(part) for part in parts] == [20, 8, 12] and len(set().union(*parts)) == 40
    assert task.train.examples == again.train.examples != other.train.examples


def test_a_reply_is_right_if_it_picks_the_right_option(folder):
    task = get_task("MMLU_anatomy", data_dir=folder)
    question, answer = next(pair for pair in task.test.examples if pair[0].startswith("test question 2?"))
    assert question == "test question 2?\nOptions:\n(A) option 0\n(B) option 1\n(C) option 2\n(D) option 3"
    assert task.score(question, "Answer: (C)", answer) == 1
    assert task.score(question, "Answer: (B)", answer) == 0


@pytest.mark.parametrize("split, official", [("train", "dev"), ("validation", "validation"), ("test", "test")])
def test_textgrads_class_has_the_official_splits(folder, split, official):
    questions = MMLU("anatomy", root=str(folder), split=split)
    assert len(questions) == SIZES[official] and questions[1][0].startswith(f"{official} question 1?")
    assert questions[1][1] == "B"


def test_an_answer_is_reviewed_without_the_right_option_and_scored_with_it(folder):
    class Reviewer(type(get_engine("simulated"))):
        def complete(self, messages, sampling):
            self.seen = messages[-1]["content"]
            return super().complete(messages, sampling)

    reviewer = Reviewer()
    questions = load_instance_task("MMLU_anatomy", reviewer, root=str(folder), max_samples=3)
    assert len(list(questions)) == 3
    request, right, review, score = questions[1]
    answer = Variable("I take (D).\nAnswer: (D)", role_description="answer")
    review(answer)
    assert request in reviewer.seen and "I take (D)." in reviewer.seen
    assert right == "B" and score(answer) == 0.0
    answer.set_value("Answer: (B)")
    assert score(answer) == 1.0


def test_there_are_57_subjects_and_another_one_is_refused():
    assert len(set(SUBJECTS)) == 57
    with pytest.raises(UsageError, match="unknown task 'MMLU_anatomie'; known, nearest first: MMLU_anatomy"):
        get_task("MMLU_anatomie")
    with pytest.raises(UsageError, match="unknown subject 'anatomie'"):
        MMLU("anatomie")


def test_a_row_in_another_form_is_named(tmp_path, hub_cache):
    rows = {split: [{"question": "?", "choices": ["a", "b"], "answer": 2}] for split in SIZES}
    write_copy(tmp_path, "cais/mmlu", {"anatomy": rows})
    with pytest.raises(UsageError, match="cais/mmlu, anatomy, dev, question 1 is not in the form"):
        get_task("MMLU_anatomy", data_dir=tmp_path)


def test_without_network_the_error_says_how_to_get_a_copy(tmp_path, hub_cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BrokenSystem, match="unset HF_HUB_OFFLINE.*hf download cais/mmlu.*--data_dir DATA") as raised:
        get_task("MMLU_anatomy", data_dir=tmp_path)
    assert "\n" not in str(raised.value)
