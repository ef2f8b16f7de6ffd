"""LiveBench: its layout, filter, splits and scorers, on synthetic questions."""

import json
import sys

import pytest

from textgrad.engine.base import Text
from textgrad.errors import UsageError
from textgrad.tasks import get_task
from textgrad.tasks.livebench import KINDS, NAMES
from textgrad.tasks.scoring.livebench import SCORERS

ANSWERS = {
    "web_of_lies_v2": "yes, no, yes",
    "zebra_puzzle": "4",
    "spatial": "sphere",
    "AMPS_Hard": "\\frac{x}{2}",
    "math_comp": "B",
    "olympiad": "3,1,2",
}


def record(kind, number):
    return {
        "question_id": f"{kind}{number}",
        "category": "c",
        "ground_truth": ANSWERS[kind],
        "turns": [f"{kind} question {number}"],
        "task": kind,
    }


def records(subject):
    kinds = (*KINDS[subject], "house_traversal")
    return [
        record(kind, number) | {"task": kind}
        if kind in ANSWERS
        else {"task": kind, "ground_truth": "x", "turns": ["?"]}
        for number in range(50)
        for kind in kinds
    ]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "livebench").mkdir()
    for subject in KINDS:
        (tmp_path / "livebench" / f"{subject}.jsonl").write_text("\n".join(map(json.dumps, records(subject))))
    return tmp_path


def questions(part):
    return {part[index][0] for index in range(len(part))}


@pytest.mark.parametrize("name", NAMES)
def test_questions_are_filtered_by_kind_and_then_split_without_overlap(folder, name):
    task = get_task(name, data_dir=folder)
    parts = [questions(part) for part in (task.train, task.val, task.test)]
    total = 50 if "__" in name else 150
    assert [len(part) for part in parts] == [round(total * share) for share in (0.64, 0.16, 0.20)]
    assert len(set().union(*parts)) == total
    assert all(question.startswith(name.partition("__")[2]) for part in parts for question in part)
    example = task.test[0]
    assert task.score(example[0], f"Answer: {example[1]}", example[1]) == 1
    assert task.score(task.query(example[0]), "Answer: 17", example[1]) == 0


def test_the_seed_determines_the_splits(folder):
    first, again, other = (get_task("livebench_math", data_dir=folder, seed=seed) for seed in (0, 0, 1))
    assert first.train.examples == again.train.examples != other.train.examples


def test_parquet_is_read_too(folder):
    parquet = pytest.importorskip("pyarrow.parquet")
    (folder / "livebench" / "math.jsonl").unlink()
    table = sys.modules["pyarrow"].Table.from_pylist([record("olympiad", number) for number in range(10)])
    parquet.write_table(table, folder / "livebench" / "math.parquet")
    assert len(get_task("livebench_math__olympiad", data_dir=folder).test) == 2


def test_the_error_for_a_question_without_turns_names_it(folder):
    (folder / "livebench" / "math.jsonl").write_text('{"task": "olympiad", "ground_truth": "1", "turns": []}')
    with pytest.raises(UsageError, match="livebench/math, question 1: it needs 'turns'"):
        get_task("livebench_math", data_dir=folder)


@pytest.mark.parametrize(
    ("kind", "reply", "answer"),
    [
        ("web_of_lies_v2", "Think.\n\n**yes, no, yes**", "yes, no, yes"),
        ("web_of_lies_v2", "**Yes**, **No**, **Yes**", "yes, no, yes"),
        ("web_of_lies_v2", "First no, no, no. But rather: yes, no, and yes.", "yes, no, yes"),
        ("web_of_lies_v2", "<solution>yes, no, yes</solution>", "yes, no, yes"),
        ("zebra_puzzle", "The position is ***4***.", "4"),
        ("zebra_puzzle", "<solution>Movie Buff</solution>", "movie buff"),
        ("zebra_puzzle", "So it must be 4", "4"),
        ("zebra_puzzle", "<solution>1, four, Tea</solution>", "1, 4, tea"),
        ("spatial", "**two**", "2"),
        ("spatial", "There are **2** pieces.", "2"),
        ("spatial", "It is a **Sphere**", "sphere"),
        ("spatial", "Answer: the sphere", "sphere"),
        ("spatial", "so it leaves 2.", "2"),
        ("AMPS_Hard", "Thus $\\boxed{\\frac{1}{2}x}$.", "\\frac{x}{2}"),
        ("AMPS_Hard", "Answer: 0.5 x", "\\frac{x}{2}"),
        ("AMPS_Hard", "\\boxed{-3}", "$-3$"),
        ("math_comp", "So it is BBBBB.", "B"),
        ("math_comp", "\\boxed{\\textbf{(B)}}", "B"),
        ("math_comp", "Answer: bbbbb", "B"),
        ("math_comp", "The answer is **025**", "25"),
        ("math_comp", "025", "025"),
        ("olympiad", "Thought.\nAnswer: 3,1,2", "3,1,2"),
        ("olympiad", "Answer: 3, 1, 2.", "3,1,2"),
    ],
)
def test_right_answers_are_recognized(kind, reply, answer):
    assert SCORERS[kind](reply, answer) == 1


@pytest.mark.parametrize(
    ("kind", "reply", "answer"),
    [
        ("web_of_lies_v2", "**yes, no, no**", "yes, no, yes"),
        ("web_of_lies_v2", "**yes, no**", "yes, no, yes"),
        ("web_of_lies_v2", "yes", "yes, no, yes"),
        ("zebra_puzzle", "**4**, no, **5**", "4"),
        ("zebra_puzzle", "<solution>1, 4</solution>", "1, 4, tea"),
        ("spatial", "**3**", "2"),
        ("spatial", "**cube**", "sphere"),
        ("AMPS_Hard", "\\boxed{3}", "-3"),
        ("AMPS_Hard", "I do not know", "-3"),
        ("math_comp", "AAAAA", "B"),
        ("math_comp", "Answer: 26", "25"),
        ("olympiad", "Answer: 3,2,1", "3,1,2"),
        ("olympiad", "Answer: 3,1", "3,1,2"),
        *((kind, reply, answer) for kind, answer in ANSWERS.items() for reply in ("", "Answer:", "**", "(((", "?")),
    ],
)
def test_wrong_answers_are_recognized(kind, reply, answer):
    assert SCORERS[kind](reply, answer) == 0


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_truncated_reply_counts_only_with_an_explicit_answer(kind):
    assert SCORERS[kind](Text(f"So **{ANSWERS[kind]}**", "truncated"), ANSWERS[kind]) == 0
    assert SCORERS[kind](Text(f"Answer: {ANSWERS[kind]}\nThat is bec", "truncated"), ANSWERS[kind]) == 1


def test_the_published_classes_and_scorers_are_those_of_the_task(folder):
    from textgrad.tasks.livebenchmath import LiveBenchMath, amps_hard_process_results
    from textgrad.tasks.livebenchreason import LiveBenchReasoning, web_of_lies_process_results
    from textgrad.variable import Variable

    task = get_task("livebench_math__olympiad", data_dir=folder)
    assert LiveBenchMath(str(folder), "valid", "olympiad").examples == task.val.examples
    whole = get_task("livebench_reasoning", data_dir=folder)
    assert LiveBenchReasoning(str(folder), "test").examples == whole.test.examples
    with pytest.raises(UsageError, match="unknown subtask 'olympiad'"):
        LiveBenchReasoning(str(folder), task="olympiad")

    def texts(*values):
        return [Variable(value, role_description="text") for value in values]

    assert amps_hard_process_results(*texts("\\boxed{-3}", "-3")) == 1
    assert web_of_lies_process_results(*texts("**yes, no, no**", "yes, no, yes")) == 0
