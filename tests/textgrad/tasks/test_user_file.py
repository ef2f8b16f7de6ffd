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


def write_lines(folder, *lines):
    """Write a file that ends with the given JSON texts, after three good lines."""
    path = folder / "mine.jsonl"
    good = [json.dumps({"question": f"question {number}", "answer": number}) for number in range(3)]
    path.write_text("\n".join([*good, *lines]))
    return str(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "null", '"\\u200b"', '"\\ufeff \\u2060"'])
@pytest.mark.parametrize("field", ["question", "answer"])
def test_a_value_that_is_no_number_and_no_visible_text_is_refused_with_its_line(tmp_path, field, value):
    line = {"question": '"q"', "answer": "1"} | {field: value}
    path = write_lines(tmp_path, f'{{"question": {line["question"]}, "answer": {line["answer"]}}}')
    with pytest.raises(UsageError, match=f"mine.jsonl, line 4 lacks '{field}', a non-empty text or a finite number"):
        get_task(path)


def test_an_integer_beyond_the_largest_float_is_an_answer(tmp_path):
    task = get_task(write(tmp_path, [10**400 + number for number in range(20)]))
    _, answer = task.test[0]
    assert len(answer) == 401 and task.score("q", f"Answer: {answer}", answer) == 1


def test_a_line_that_is_nested_too_deeply_is_refused_with_its_line(tmp_path):
    path = write_lines(tmp_path, '{"question": "q", "answer": "1", "extra": %s}' % ("[" * 5000 + "]" * 5000))
    with pytest.raises(UsageError, match="mine.jsonl, line 4 is not JSON .it is nested too deeply"):
        get_task(path)


def test_half_a_surrogate_is_read_as_the_replacement_character(tmp_path):
    path = write_lines(tmp_path, '{"question": "half \\ud83d of a pair \\ud83d\\ude00", "answer": "\\udfff"}')
    found = dict(get_task(path).train.examples + get_task(path).val.examples + get_task(path).test.examples)
    assert found["half \ufffd of a pair \U0001f600"] == "\ufffd"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_file_saved_on_another_system_is_the_same_data(tmp_path, encoding, end):
    path = tmp_path / "mine.jsonl"
    lines = [f'{{"question": "Cafe\u0301 {number}", "answer": "a\\r\\nb"}}' for number in range(5)]
    path.write_text("\n".join(lines), newline="")
    expected = get_task(str(path))
    path.write_bytes(end.join(lines).encode(encoding))
    again = get_task(str(path))
    assert again.train.examples == expected.train.examples and again.test.examples == expected.test.examples
    assert again.train[0][0].startswith("Café") and again.train[0][1] == "a\nb"


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes('{"question": "q", "answer": "1"}\n{"question": "caf\u00e9", "answer": "1"}'.encode("latin-1"))
    with pytest.raises(UsageError, match="mine.jsonl: line 2 is not UTF-8 text: save the file as UTF-8"):
        get_task(str(path))


def spellings(number):
    return [f"Has café {number} “two” doors?", f"Has cafe\u0301 {number} “two” doors? "] + [
        f"Has  café\t{number} “two” doors?",
        f"\ufeffHas ca\u200bfé {number} “two” doors?",
        f'HAS CAFÉ {number} "two" doors?',
    ]


def test_no_question_is_in_two_splits_in_another_spelling(tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"question": text, "answer": str(number)} for number in range(6) for text in spellings(number)]
    path.write_text("\n".join(map(json.dumps, rows)))
    task = get_task(str(path))
    assert sum(map(len, (task.train, task.val, task.test))) == 6
    assert "24 of 30 questions repeat another and are left out" in task.remark


def test_questions_that_differ_in_case_or_form_and_in_their_answer_are_kept(tmp_path):
    path = tmp_path / "mine.jsonl"
    questions = ["Capitals in aB?", "Capitals in AB?", "Capitals in ab?", "x² for x = 3?", "x2 for x = 3?"]
    rows = [{"question": text, "answer": str(number)} for number, text in enumerate(questions)]
    path.write_text("\n".join(map(json.dumps, rows)))
    task = get_task(str(path))
    assert sum(map(len, (task.train, task.val, task.test))) == 5 and "left out" not in task.remark


@pytest.mark.parametrize(
    ("answers", "options", "name", "remark"),
    [
        ([1, 2, 3], {}, "number", "inferred from the answers: see --scorer"),
        (["(A)", "(B)", "(C)"], {}, "choice", "inferred from the answers: see --scorer"),
        (["1", "2", "n/a"], {}, "exact", "1 of 3 answers are not numbers, such as 'n/a': see --scorer"),
        (["a", "b", "c"], {"scorer": "exact"}, "exact", ""),
        ([1, 2, 3], {"judge": "llm", "evaluation_api": EngineLM}, "judge", "inferred from the answers: see --scorer"),
    ],
)
def test_a_task_names_its_scorer_and_how_it_was_chosen(tmp_path, answers, options, name, remark):
    class Judge(EngineLM):
        def generate(self, prompt, system_prompt=None, **kwargs):
            return ""

    if "evaluation_api" in options:
        options = options | {"evaluation_api": Judge()}
    task = get_task(write(tmp_path, answers), **options)
    assert (task.scorer_name, task.remark) == (name, remark)


WORKED = [f"Add them: <<{number}>>{number}.\n#### {number:,}" for number in range(998, 1004)]


def test_the_number_after_the_last_hash_marks_is_the_answer(tmp_path):
    task = get_task(write(tmp_path, WORKED))
    assert task.scorer_name == "number"
    answers = {answer for part in (task.train, task.val, task.test) for _, answer in part.examples}
    assert answers == {"998", "999", "1,000", "1,001", "1,002", "1,003"}
    assert task.score("q", "Answer: 1000", "1,000") == 1


def test_a_judge_reads_the_worked_solution(tmp_path):
    assert "####" in get_task(write(tmp_path, WORKED), EngineLM, scorer="judge").train[0][1]


def test_an_answer_of_several_lines_is_asked_for_and_compared_as_a_block(tmp_path):
    task = get_task(write(tmp_path, [f"roses\nare {number}" for number in range(6)]))
    assert "on the lines below it" in task.answer_format
    poem = "roses\nare 1"
    for form in ("Answer:\n{}", "Answer: {}\n\nDone.", "{}", "A poem:\n```\n{}\n```"):
        assert task.score("q", form.format(poem), poem) == 1
        assert task.score("q", form.format("roses"), poem) == task.score("q", form.format(f"{poem}\nred"), poem) == 0


def test_answers_of_one_line_are_asked_for_in_one_line(tmp_path):
    assert get_task(write(tmp_path, ["a", "b", "c"])).answer_format.startswith("End with one line of the form")


def test_bare_capital_letters_are_options(tmp_path):
    task = get_task(write(tmp_path, ["A", "B", "C"]))
    assert task.scorer_name == "choice" and task.score("q", "The correct choice is B.", "B") == 1


def test_answers_that_a_selected_scorer_cannot_read_are_named(tmp_path):
    task = get_task(write(tmp_path, ["1", "2", "n/a"]), scorer="number")
    assert "1 of 3 answers are not numbers and compared as texts, such as 'n/a'" in task.remark


@pytest.mark.parametrize(
    "scorer, answer, reply, score",
    [
        ("f1", "red blue", "Answer: red", 2 / 3),
        ("json", '{"a": 1, "b": 2}', '{"a": 1}', 0.5),
        ("code", "assert f() == 1\nassert f() == 2\n#### a comment", "```python\ndef f():\n    return 1\n```", 0.5),
    ],
)
def test_a_graded_scorer_can_be_selected(tmp_path, scorer, answer, reply, score):
    task = get_task(write(tmp_path, [answer] * 5), scorer=scorer, allow_code=True)
    assert task.scorer_name == f"{scorer} (graded)"
    assert task.test[0][1] == answer
    assert task.score("q", reply, answer) == pytest.approx(score)
    assert ("JSON" in task.answer_format, "```python" in task.answer_format) == (scorer == "json", scorer == "code")


def test_code_is_not_run_unless_it_is_allowed(tmp_path):
    path = write(tmp_path, ["assert f()"] * 5)
    with pytest.raises(UsageError, match="allow it with --allow_code"):
        get_task(path, scorer="code")


@pytest.mark.parametrize(
    "scorer, reason", [("json", "not a JSON object with fields"), ("code", "no assert and no call")]
)
def test_answers_that_a_scorer_cannot_use_are_reported(tmp_path, scorer, reason):
    with pytest.raises(UsageError, match=rf"mine.jsonl: --scorer {scorer} cannot use the answer 'x = 1': {reason}"):
        get_task(write(tmp_path, ["x = 1"] * 5), scorer=scorer, allow_code=True)
