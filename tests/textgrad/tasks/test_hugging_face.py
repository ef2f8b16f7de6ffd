"""Any data set of the hub, from local copies."""

import datasets
import pytest
from hub_copies import write_copy

from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import get_task


def rows(split, count):
    return [{"question": f"{split} {n}?", "answer": str(n), "topic": "sums", "extra": [n]} for n in range(count)]


@pytest.fixture
def folder(tmp_path, hub_cache):
    official = {"train": rows("train", 40), "validation": rows("validation", 8), "test": rows("test", 6)}
    write_copy(tmp_path, "me/sums", {"main": official, "hard": {"every": rows("every", 20)}})
    return tmp_path


def questions(part):
    return {question for question, _ in part.examples}


def test_official_splits_are_kept_and_shuffled_by_the_seed(folder):
    task, other = (get_task("hf:me/sums/main", data_dir=folder, seed=seed) for seed in (0, 1))
    assert questions(task.train) == {f"train {n}?" for n in range(40)}
    assert questions(task.val) == {f"validation {n}?" for n in range(8)}
    assert questions(task.test) == {f"test {n}?" for n in range(6)}
    assert task.train.examples != other.train.examples
    assert task.score("train 7?", "Answer: 7", "7") == 1 and task.name == "main"


def test_parts_of_one_split_share_its_questions(folder):
    task = get_task("hf:me/sums/hard", data_dir=folder, splits=dict.fromkeys(["train", "val", "test"], "every"))
    parts = [questions(part) for part in (task.train, task.val, task.test)]
    assert [len(part) for part in parts] == [10, 4, 6] and len(set.union(*parts)) == 20
    task = get_task("hf:me/sums/main", data_dir=folder, splits={"val": "train"})
    assert [len(part) for part in (task.train, task.val, task.test)] == [29, 11, 6]


def test_a_question_of_an_earlier_part_is_left_out(tmp_path, hub_cache):
    write_copy(tmp_path, "me/twice", {"main": {"train": rows("q", 20), "test": rows("q", 25)}})
    task = get_task("hf:me/twice", data_dir=tmp_path)
    assert questions(task.test) == {f"q {n}?" for n in range(20, 25)}


def test_columns_are_selected_joined_and_labels_get_their_names(tmp_path, hub_cache):
    data = [{"title": f"title {n}", "text": f"text {n}", "label": n % 2} for n in range(20)]
    label = datasets.ClassLabel(names=["sports", "politics"])
    write_copy(tmp_path, "me/news", {"main": {"train": data}}, {"label": label})
    columns = {"question": "title,text", "answer": "label"}
    task = get_task("hf:me/news", data_dir=tmp_path, columns=columns, scorer="exact")
    found = [*task.train.examples, *task.val.examples, *task.test.examples]
    assert len(found) == 20 and ("title 3\ntext 3", "politics") in found and ("title 4\ntext 4", "sports") in found


@pytest.mark.parametrize(
    "name, options, reason",
    [
        (
            "hf:me/sums/main",
            {"columns": {"question": "text"}},
            "no column 'text'; its columns are question, answer, to",
        ),
        ("hf:me/sums/main", {"columns": {"query": "topic"}}, "unknown field in --columns 'query'"),
        ("hf:me/sums/main", {"columns": {"answer": "extra"}}, "split train, row 0: the column 'extra' has neither"),
        ("hf:me/sums/hard", {}, "no split 'train'; its splits are every: choose with --splits"),
        ("hf:me/sums/main", {"splits": {"val": "dev"}}, "no split 'dev'; its splits are train, validation, test"),
        ("hf:me/sums/main", {"splits": {"validation": "test"}}, "unknown part in --splits 'validation'"),
        ("hf:me/sums/main", {"splits": {"val": "test", "test": "test"}, "scorer": "numbers"}, "unknown scorer"),
        ("hf:sums", {}, "expected hf:<owner>/<name>"),
    ],
)
def test_the_error_says_in_one_line_what_is_allowed(folder, name, options, reason):
    with pytest.raises(UsageError, match=reason) as raised:
        get_task(name, data_dir=folder, **options)
    assert "\n" not in str(raised.value)


def test_an_unknown_configuration_and_a_missing_network_are_one_line(folder, monkeypatch):
    with pytest.raises(BrokenSystem, match="main.*hard") as raised:
        get_task("hf:me/sums/easy", data_dir=folder)
    assert "\n" not in str(raised.value)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BrokenSystem, match="unset HF_HUB_OFFLINE, or .*hf download me/others --repo-type dataset"):
        get_task("hf:me/others", data_dir=folder)
