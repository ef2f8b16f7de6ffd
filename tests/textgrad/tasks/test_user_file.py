"""A user's own questions."""

import json

import pytest

from textgrad.engine.base import EngineLM
from textgrad.errors import UsageError
from textgrad.tasks import get_task


def write(folder, answers, name="mine.jsonl"):
    path = folder / name
    lines = [
        json.dumps({"question": f"question {number}", "answer": answer, "topic": "x"})
        for number, answer in enumerate(answers)
    ]
    path.write_text("\n".join(lines) + "\n\n")
    return str(path)


def questions(part):
    return {part[index][0] for index in range(len(part))}


def test_a_file_is_shuffled_and_split_by_the_seed(tmp_path):
    path = write(tmp_path, [str(number) for number in range(20)])
    task, again, other = (get_task(path, seed=seed) for seed in (0, 0, 1))
    assert task.name == "mine"
    assert (len(task.train), len(task.val), len(task.test)) == (10, 4, 6)
    assert len(questions(task.train) | questions(task.val) | questions(task.test)) == 20
    assert task.train.examples == again.train.examples != other.train.examples


@pytest.mark.parametrize(
    ("answers", "reply", "wrong"),
    [
        (["-7", 7, "1,000", "0.5", "$3"], "Answer: {} apples", "Answer: 99"),
        (["(A)", "(B)", "(C)"], "So option {}", "(D)"),
        (["Rome", "(A)", "7"], "Answer: **{}**", "Answer: Paris"),
    ],
)
def test_the_scorer_is_inferred_from_the_answers(tmp_path, answers, reply, wrong):
    task = get_task(write(tmp_path, answers))
    for part in (task.train, task.val, task.test):
        for question, answer in [part[index] for index in range(len(part))]:
            assert task.score(question, reply.format(answer), answer) == 1
            assert task.score(question, wrong, answer) == 0


def test_a_scorer_can_be_selected(tmp_path):
    path = write(tmp_path, ["7", "8", "9"])
    assert get_task(path, scorer="exact").score("q", "Answer: 7.0", "7") == 0
    assert get_task(path, scorer="number").score("q", "Answer: 7.0", "7") == 1
    with pytest.raises(UsageError, match="unknown scorer 'numbers'; known, nearest first: number"):
        get_task(path, scorer="numbers")


def test_a_judge_can_be_selected(tmp_path):
    class Judge(EngineLM):
        def generate(self, prompt, system_prompt=None, **kwargs):
            return "<ACCURACY> 1 </ACCURACY>"

    task = get_task(write(tmp_path, ["a poem", "a song", "a tale"]), Judge(), scorer="judge")
    assert task.score("q", "Roses are red", "a poem") == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 4 is not JSON"),
        ("[1]", "line 4 lacks 'question' and 'answer'"),
        ('{"question": "q"}', "line 4 lacks 'answer'"),
        ('{"question": "q", "answer": null}', "line 4 lacks 'answer'"),
        ('{"question": " ", "answer": "a"}', "line 4 lacks 'quest"),
        ('{"question": "q", "answer": ["a"]}', "line 4 lacks 'answer'"),
        ('{"question": "q", "answer": true}', "line 4 lacks"),
    ],
)
def test_the_error_for_a_bad_line_names_file_and_line_number(tmp_path, line, reason):
    path = write(tmp_path, ["1", "2", "3"])
    with open(path) as file:
        good = file.read().split("\n")[:3]
    (tmp_path / "mine.jsonl").write_text("\n".join([*good, line]))
    with pytest.raises(UsageError, match="mine.jsonl, " + reason) as raised:
        get_task(path)
    assert "\n" not in str(raised.value)


def test_a_separator_inside_a_text_does_not_end_its_line(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(f'{{"question": "a\u2028b {number}", "answer": "1"}}' for number in range(3)))
    assert "\u2028" in get_task(str(path)).train[0][0]


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\x00"])
def test_the_error_for_an_unreadable_file_names_it(tmp_path, content):
    path = tmp_path / "mine.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="mine.jsonl"):
        get_task(str(path))


def test_two_questions_are_too_few(tmp_path):
    with pytest.raises(UsageError, match="at least 3 are needed"):
        get_task(write(tmp_path, ["1", "2"]))
