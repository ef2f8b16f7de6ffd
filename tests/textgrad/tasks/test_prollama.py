"""ProLLaMA, from a local copy."""

import pytest
from hub_copies import write_copy

from textgrad.tasks import get_task, prollama


def rows(split, count):
    wanted = {"instruction": "[Determine superfamily]", "output": "Superfamily=<Kinase-like>"}
    other = {"instruction": "[Generate by superfamily]", "output": "Seq=<M>"}
    return [{**(other if n % 5 == 4 else wanted), "input": f"Seq=<{split}{n}>"} for n in range(count)]


@pytest.fixture
def folder(tmp_path, hub_cache):
    splits = {"train": rows("A", 50), "test": rows("C", 10)}
    write_copy(tmp_path, "GreatCaptainNemo/instruction_dataset", {"default": splits})
    return tmp_path


def test_a_sample_of_the_superfamily_questions_is_split_without_overlap(folder, monkeypatch):
    task = get_task("prollama", data_dir=folder)
    parts = [{question for question, _ in part.examples} for part in (task.train, task.val, task.test)]
    assert [len(part) for part in parts] == [20, 20, 8] and len(set().union(*parts)) == 48
    assert all(question.startswith("[Determine superfamily] Seq=<") for part in parts for question in part)
    monkeypatch.setattr(prollama, "LARGEST", 3)
    first, other = (get_task("prollama", data_dir=folder, seed=seed) for seed in (0, 1))
    assert [len(part) for part in (first.train, first.val, first.test)] == [3, 3, 3]
    assert first.train.examples != other.train.examples


def test_a_reply_is_right_if_it_names_the_superfamily(folder):
    task = get_task("prollama", data_dir=folder)
    question, answer = task.test[0]
    assert answer == "Kinase-like" and task.score(question, "Answer: kinase-like", answer) == 1
    assert task.score(question, "Answer: globin", answer) == 0


def test_the_published_class_has_the_same_splits(folder):
    assert prollama.ProLLaMA(str(folder), "valid").examples == get_task("prollama", data_dir=folder).val.examples
