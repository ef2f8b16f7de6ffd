"""GSM8K: its splits, from files and from the hub."""

import json
import random
import sys
import types

import pytest

from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import get_task
from textgrad.tasks.gsm8k import GSM8K_DSPy


def write(folder, **counts):
    (folder / "gsm8k").mkdir(exist_ok=True)
    for split, count in counts.items():
        lines = [
            json.dumps({"question": f"{split} {number}?", "answer": f"It is\n#### {number:,}"})
            for number in range(count)
        ]
        (folder / "gsm8k" / f"{split}.jsonl").write_text("\n".join(lines))
    return folder


def questions(part):
    return [part[index][0] for index in range(len(part))]


def test_the_answer_follows_the_four_hash_signs(tmp_path):
    task = get_task("GSM8K", data_dir=write(tmp_path, train=20, test=2000))
    assert task.test[1234] == ("test 1234?", "1,234")
    assert task.score("q", "Answer: 1234", task.test[1234][1]) == 1
    assert task.score("q", "Answer: -1234", task.test[1234][1]) == 0


def test_a_seeded_tenth_of_the_training_data_is_the_validation_set(tmp_path):
    write(tmp_path, train=100, test=30)
    task, again, other = (get_task("GSM8K", data_dir=tmp_path, seed=seed) for seed in (0, 0, 1))
    assert (len(task.train), len(task.val), len(task.test)) == (90, 10, 30)
    assert set(questions(task.train)) | set(questions(task.val)) == {f"train {number}?" for number in range(100)}
    assert questions(task.val) == questions(again.val) != questions(other.val)


def test_test_questions_that_also_occur_in_training_are_dropped(tmp_path):
    write(tmp_path, train=20, test=20)
    with (tmp_path / "gsm8k" / "test.jsonl").open("a") as file:
        file.write('\n{"question": "train 3?", "answer": "#### 3"}\n')
    assert "train 3?" not in questions(get_task("GSM8K", data_dir=tmp_path).test)


def test_the_dspy_splits_are_at_fixed_positions_of_the_shuffled_data(tmp_path):
    write(tmp_path, train=500, test=450)
    shuffled = {}
    for split, count in (("train", 500), ("test", 450)):
        shuffled[split] = [f"{split} {number}?" for number in range(count)]
        random.Random(0).shuffle(shuffled[split])
    task = get_task("GSM8K_DSPy", data_dir=tmp_path, seed=7)
    assert questions(task.train) == shuffled["train"][:50]
    assert questions(task.val) == shuffled["train"][200:300]
    assert questions(task.test) == shuffled["test"][300:400]
    assert questions(GSM8K_DSPy(root=str(tmp_path), split="test")) == shuffled["test"][300:400]


def test_too_few_examples_for_the_dspy_splits_are_reported(tmp_path):
    with pytest.raises(UsageError, match="needs 400 official test examples, but there are 30"):
        get_task("GSM8K_DSPy", data_dir=write(tmp_path, train=300, test=30))


def test_the_error_for_an_answer_without_hash_signs_names_the_example(tmp_path):
    write(tmp_path, train=3, test=3)
    (tmp_path / "gsm8k" / "train.jsonl").write_text('{"question": "q", "answer": "7"}')
    with pytest.raises(UsageError, match="train.jsonl, example 1: the answer lacks '####'"):
        get_task("GSM8K", data_dir=tmp_path)


def hub(monkeypatch, load_dataset):
    """Replace the package datasets with a fake."""
    package = types.ModuleType("datasets")
    package.load_dataset = load_dataset
    package.exceptions = types.SimpleNamespace(DatasetsError=RuntimeError)
    monkeypatch.setitem(sys.modules, "datasets", package)


def test_without_files_the_data_comes_from_the_hub(tmp_path, monkeypatch):
    loaded = []

    def load_dataset(path, config, split):
        loaded.append((path, config, split))
        records = [{"question": f"{split} {number}?", "answer": f"#### {number}"} for number in range(20)]
        return types.SimpleNamespace(to_list=lambda: records)

    hub(monkeypatch, load_dataset)
    assert len(get_task("GSM8K", data_dir=tmp_path).test) == 20
    assert loaded == [("openai/gsm8k", "main", "train"), ("openai/gsm8k", "main", "test")]


def test_the_error_for_an_unreachable_hub_explains_data_dir_in_one_line(tmp_path, monkeypatch):
    def load_dataset(path, config, split):
        raise ConnectionError("Couldn't reach\nthe hub")

    hub(monkeypatch, load_dataset)
    with pytest.raises(BrokenSystem, match="openai/gsm8k.*gsm8k/train.jsonl.*--data_dir") as raised:
        get_task("GSM8K", data_dir=tmp_path)
    assert "\n" not in str(raised.value)


def test_the_error_for_a_missing_package_names_the_install_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BrokenSystem, match="pip install datasets"):
        get_task("GSM8K", data_dir=tmp_path)


def test_the_real_data_has_its_sizes_and_no_question_twice(real_data):
    for name, sizes in (("GSM8K", (6726, 747, 1319)), ("GSM8K_DSPy", (50, 100, 100))):
        task = get_task(name, data_dir=real_data)
        parts = [questions(part) for part in (task.train, task.val, task.test)]
        assert tuple(map(len, parts)) == sizes
        assert len(set().union(*parts)) == sum(sizes)
        for part in (task.train, task.val, task.test):
            for question, answer in [part[index] for index in range(0, len(part), 7)]:
                assert task.score(question, f"Let me think... Answer: {answer}", answer) == 1
                assert task.score(question, f"Answer: {answer}1", answer) == 0
                negative = answer.removeprefix("-") if answer.startswith("-") else f"-{answer}"
                assert task.score(question, f"So it is {negative}.", answer) == int(answer == "0")


def test_test_questions_that_occur_in_training_in_another_spelling_are_dropped(tmp_path):
    write(tmp_path, train=20, test=20)
    with (tmp_path / "gsm8k" / "test.jsonl").open("a") as file:
        file.write(
            '\n{"question": "train \\u200b3? ", "answer": "#### 3"}\n{"question": "Train 4?", "answer": "#### 4"}'
        )
    assert len(get_task("GSM8K", data_dir=tmp_path).test) == 20
