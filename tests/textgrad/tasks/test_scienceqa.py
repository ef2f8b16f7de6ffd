"""ScienceQA without images, from a local copy."""

import pytest
from hub_copies import write_copy

from textgrad.tasks import get_task

PNG = b"\x89PNG\r\n\x1a\n..."


def rows(split, count):
    return [
        {
            "image": None if number % 3 else {"bytes": PNG, "path": None},
            "question": "Which repeats?" if number == 1 else f"{split} question {number}?",
            "choices": ["cold", "warm"],
            "answer": 1,
            "hint": "It is June." if number == 2 else "",
        }
        for number in range(count)
    ]


@pytest.fixture
def folder(tmp_path, hub_cache):
    splits = {split: rows(split, count) for split, count in (("train", 30), ("validation", 9), ("test", 12))}
    write_copy(tmp_path, "derek-thomas/ScienceQA", {"default": splits})
    return tmp_path


def test_questions_without_image_keep_their_official_split_and_the_seed_orders_them(folder):
    task, other = (get_task("ScienceQA", data_dir=folder, seed=seed) for seed in (0, 1))
    parts = {"train": task.train.examples, "validation": task.val.examples, "test": task.test.examples}
    assert [len(part) for part in parts.values()] == [20, 5, 7], "a repeated question stays in one split only"
    for split, part in parts.items():
        assert all(split in question or "repeats" in question for question, _ in part)
    assert parts["train"] != other.train.examples and set(parts["train"]) == set(other.train.examples)


def test_the_context_belongs_to_the_question(folder):
    found = get_task("ScienceQA", data_dir=folder).test.examples
    assert ("Context: It is June.\ntest question 2?\nOptions:\n(A) cold\n(B) warm", "B") in found
