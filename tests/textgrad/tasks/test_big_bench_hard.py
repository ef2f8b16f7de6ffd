"""BIG-Bench Hard: sources of files, splits, and scorers on the real data."""

import json

import pytest

from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import get_task
from textgrad.tasks.big_bench_hard import (
    TASKS,
    BigBenchHard,
    fetch,
    parse,
    parse_integer_answer,
    read_examples,
    split,
    string_based_equality_fn,
)
from textgrad.variable import Variable

PAIRS = [(f"How many is {number}?", str(number)) for number in range(200)]


def document(pairs=PAIRS):
    return json.dumps(
        {"canary": "x", "examples": [{"input": question, "target": answer} for question, answer in pairs]}
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bbh").mkdir()
    (tmp_path / "bbh" / "object_counting.json").write_text(document())
    return tmp_path


def examples_of(task):
    return [[part[index] for index in range(len(part))] for part in (task.train, task.val, task.test)]


def test_the_first_50_train_the_next_100_validate_and_the_rest_test_in_file_order(folder):
    task = get_task("BBH_object_counting", data_dir=folder)
    assert examples_of(task) == [PAIRS[:50], PAIRS[50:150], PAIRS[150:]]


def test_a_repeated_question_counts_once():
    train, val, test = split(PAIRS[:160] + [("How many is 3?", "4")] + PAIRS[160:])
    assert [*train, *val, *test] == PAIRS


def test_a_short_file_still_has_a_test_set():
    assert [len(part) for part in split(PAIRS[:146])] == [50, 48, 48]
    assert [len(part) for part in split(PAIRS[:151])] == [50, 100, 1]


def test_textgrads_class_gives_the_same_splits(folder):
    data = BigBenchHard("object_counting", root=str(folder), split="val")
    assert len(data) == 100
    assert data[0] == PAIRS[50]
    assert "Answer: VALUE" in data.get_task_description()


def test_a_missing_file_is_downloaded_once_and_cached(folder, tmp_path):
    base_url, cache = (folder / "bbh").as_uri(), tmp_path / "cache"
    assert fetch("object_counting", None, cache, base_url) == PAIRS
    (folder / "bbh" / "object_counting.json").unlink()
    assert fetch("object_counting", folder, cache, base_url) == PAIRS


@pytest.mark.parametrize("content", ["", "<html>", '{"examples": []}', document()[:-20], document(PAIRS[:20])])
def test_a_corrupt_download_is_rejected_and_not_cached(tmp_path, content):
    (tmp_path / "object_counting.json").write_text(content)
    with pytest.raises(BrokenSystem, match="cannot be used") as raised:
        fetch("object_counting", None, tmp_path / "cache", tmp_path.as_uri())
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "cache").rglob("*"))


def test_a_damaged_file_in_the_cache_is_removed_and_downloaded_again(folder, tmp_path):
    cached = tmp_path / "cache" / "bbh" / "object_counting.json"
    cached.parent.mkdir(parents=True)
    cached.write_text(document()[:100])
    with pytest.raises(BrokenSystem, match="was removed: run again"):
        fetch("object_counting", None, tmp_path / "cache", "http://127.0.0.1:1")
    assert not cached.exists()
    assert fetch("object_counting", None, tmp_path / "cache", (folder / "bbh").as_uri()) == PAIRS


def test_a_damaged_user_file_is_named_and_left_unchanged(folder):
    path = folder / "bbh" / "object_counting.json"
    path.write_text("{")
    with pytest.raises(UsageError, match="object_counting.json is not a file of BIG-Bench Hard"):
        get_task("BBH_object_counting", data_dir=folder)
    assert path.read_text() == "{"


def test_an_example_without_a_target_is_named():
    with pytest.raises(ValueError, match="example 60 lacks"):
        parse(document(PAIRS[:60] + [("question", "")]).encode())


def test_a_reply_is_read_as_a_signed_whole_number_or_none():
    assert parse_integer_answer("Answer: -5") == -5
    assert parse_integer_answer("3 + 4\nAnswer: 1,007 apples") == 1007
    assert parse_integer_answer("7\nAnswer: 8", only_first_line=True) == 7
    assert parse_integer_answer("no answer") is parse_integer_answer("1/2") is None


def test_textgrads_comparison_respects_signs_and_missing_answers():
    def equal(prediction, truth):
        return string_based_equality_fn(
            *(Variable(text, requires_grad=False, role_description="text") for text in (prediction, truth))
        )

    assert equal("Answer: -5", "-5") == 1
    assert equal("Answer: 5", "-5") == equal("no answer", "0") == equal("no answer", "nothing") == 0


def test_all_27_tasks_have_a_short_prompt_and_an_answer_format(real_data):
    assert sorted(TASKS) == sorted(path.stem for path in (real_data / "bbh").glob("*.json"))
    for (_, form), description in TASKS.values():
        assert 20 < len(description) < 120
        assert "Answer:" not in description
        assert form


@pytest.mark.parametrize("name", TASKS)
def test_the_splits_of_the_real_data_are_disjoint(real_data, name):
    train, val, test = (
        {question for question, _ in part} for part in examples_of(get_task(f"BBH_{name}", data_dir=real_data))
    )
    assert not train & val and not train & test and not val & test
    assert len(train) == 50 and len(val) == (48 if name == "penguins_in_a_table" else 100) and len(test) > 25


@pytest.mark.parametrize("name", TASKS)
def test_on_the_real_data_right_answers_score_1_and_others_0(real_data, name):
    task = get_task(f"BBH_{name}", data_dir=real_data)
    examples = read_examples(real_data / "bbh" / f"{name}.json")
    for number, (question, answer) in enumerate(examples):
        other = next(other for _, other in examples[number:] + examples if other.lower() != answer.lower())
        for reply in (
            "Let me think... Answer: {}",
            "{}",
            "**{}**",
            "The answer is {}.",
            "Not so (A).\n\n\\boxed{{{}}}",
            "1. One (B), two yes.\n\n**Final answer:**\n{}",
        ):
            assert task.score(question, reply.format(answer), answer) == 1, reply.format(answer)
            assert task.score(question, reply.format(other), answer) == 0, (reply.format(other), answer)


def test_real_answers_fall_into_at_most_ten_classes(real_data):
    for name in TASKS:
        task = get_task(f"BBH_{name}", data_dir=real_data)
        labels = {task.answer_class(example) for example in examples_of(task)[0]}
        assert 2 <= len(labels) <= 10


def test_a_file_with_a_byte_order_mark_is_read_and_repeated_questions_in_another_spelling_are_dropped(tmp_path):
    examples = [{"input": f"How many are {number}?", "target": str(number)} for number in range(200)]
    examples += [{"input": f" How  many are\u200b {number}?\r\n", "target": str(number)} for number in range(20)]
    path = tmp_path / "object_counting.json"
    path.write_text(json.dumps({"examples": examples}, ensure_ascii=False), encoding="utf-8-sig")
    assert sum(map(len, split(read_examples(path)))) == 200


def test_an_example_without_a_visible_character_is_refused(tmp_path):
    examples = [
        {"input": f"How many are {number}?", "target": "\u200b" if number == 7 else "1"} for number in range(99)
    ]
    with pytest.raises(ValueError, match='example 7 lacks a text "input" or "target"'):
        parse(json.dumps({"examples": examples}).encode())
