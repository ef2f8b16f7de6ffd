"""A user's own questions: a .jsonl file with "question" and "answer" on each line."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from textgrad.errors import UsageError, unknown
from textgrad.tasks.records import from_jsonl
from textgrad.tasks.scoring.answers import SCORERS
from textgrad.tasks.scoring.code_tests import code_tests, number_of_tests
from textgrad.tasks.scoring.json_fields import json_fields, read_fields
from textgrad.tasks.scoring.numerals import number_in, value_of
from textgrad.tasks.scoring.options import option_in
from textgrad.tasks.scoring.scorer import Grade, ignore_question
from textgrad.tasks.scoring.user_function import is_function
from textgrad.tasks.scoring.word_f1 import word_f1
from textgrad.tasks.source import TaskData, TaskRequest, answer_line
from textgrad.tasks.splits import Example, Splits, seeded_splits

NAMES = ("<path>.jsonl",)
TAKES_SCORER = True
SHARES = (0.5, 0.2, 0.3)  # train, validation, test
DESCRIPTION = "Answer the question. Think step by step."

_RESULT = re.compile(r"(?:^|\n)\s*####\s*(\S.*)\Z")

_TEXT = "the answer and nothing else"
KINDS = {
    "number": answer_line("a number"),
    "exact": answer_line(_TEXT),
    "choice": answer_line("the letter of the right option in brackets"),
    "f1": answer_line(_TEXT),
    "json": "End with one JSON object.",
    "code": "End with one block of Python code between ```python and ```, which contains everything that it needs.",
    "judge": answer_line("the answer"),
}
"""Scorers, with the instruction on the form of the answer."""
_GRADED: dict[str, Callable[[str, str], Grade]] = {"f1": word_f1, "json": json_fields, "code": code_tests}
_CHECKS: dict[str, Callable[[str], object]] = {"json": read_fields, "code": number_of_tests}


def load(request: TaskRequest) -> TaskData:
    """Return the data of a user's file, shuffled and split by the seed.

    Args:
        request: its name is the file's path; its scorer is a key of `KINDS`, or None to infer it from the answers. A
            user's own function reads the whole reply, so that no form of the answer is asked for.

    Raises:
        UsageError: the file is unreadable; a line is not JSON or lacks a field; there are fewer than three different
            questions; the scorer is unknown, not allowed, or cannot use an answer.
    """
    kind, examples = read_examples(from_jsonl(Path(request.name), ("question", "answer")), request)
    return with_scorer(kind, examples, seeded_splits(examples, SHARES, request.seed, request.name), request)


def read_examples(records: Sequence[dict], request: TaskRequest) -> tuple[str, list[Example]]:
    """Return the name of the scorer, inferred if the request names none, and the examples in records.

    Args:
        records: with the fields "question" and "answer".
        request: see `load`.

    Raises:
        UsageError: the scorer is unknown, not allowed, or cannot use an answer.
    """
    kind = request.scorer or kind_of([answer_of(record) for record in records])
    if kind not in KINDS and not is_function(kind):
        raise unknown("scorer", kind, [*KINDS, "file.py:function"])
    if kind == "code" and not request.allow_code:
        raise UsageError(
            "--scorer code runs Python code that a model wrote, with limits but without a sandbox: allow it with "
            "--allow_code (at a site of a Flower run: with allow_code=true in --node-config)"
        )
    examples = [(str(record["question"]), answer_of(record, kind)) for record in records]
    _check_answers(kind, examples, request.name)
    return kind, examples


def with_scorer(kind: str, examples: Sequence[Example], splits: Splits, request: TaskRequest) -> TaskData:
    """Return the data of a task with the scorer `kind`.

    Args:
        kind, examples: from `read_examples`.
        splits: of the examples.
        request: see `load`.
    """
    remarks = [_inferred(kind, examples) if request.scorer is None else _unfit(kind, examples)]
    if repeated := len(examples) - sum(map(len, splits)):
        remarks.append(f"{repeated} of {len(examples)} questions repeat another and are left out")
    if is_function(kind):
        return TaskData(splits, DESCRIPTION, "", None, remark="; ".join(filter(None, remarks)))
    scorer = ignore_question(SCORERS[kind]) if kind in SCORERS else None
    graded = ignore_question(_GRADED[kind]) if kind in _GRADED else None
    answer_format = KINDS[kind]
    if kind in ("exact", "f1") and any("\n" in answer for _, answer in examples):
        answer_format = f"End with a line 'Answer:' and, on the lines below it, {_TEXT}."
    return TaskData(splits, DESCRIPTION, answer_format, scorer, kind, "; ".join(filter(None, remarks)), graded)


def _check_answers(kind: str, examples: Sequence[Example], name: str) -> None:
    for _, answer in examples if kind in _CHECKS else ():
        try:
            _CHECKS[kind](answer)
        except ValueError as error:
            raise UsageError(f"{name}: --scorer {kind} cannot use the answer {answer[:40]!r}: {error}") from error


def answer_of(record: dict, kind: str = "") -> str:
    """Return the right answer of a record: what follows "####" in its last line, as in GSM8K, else its whole text.

    Args:
        record: with the field "answer".
        kind: of scorer; a judge and tests of code need the whole text.
    """
    answer = str(record["answer"]).strip()
    result = _RESULT.search(answer)
    return result[1] if result and kind not in ("judge", "code") else str(record["answer"])


def _unfit(kind: str, examples: Sequence[Example]) -> str:
    """Return which answers a selected scorer cannot read, so that it compares them as texts, or ""."""
    if kind not in ("number", "choice"):
        return ""
    name, read = ("numbers", number_in) if kind == "number" else ("options", option_in)
    others = [answer for _, answer in examples if read(answer) is None]
    if not others:
        return ""
    return f"{len(others)} of {len(examples)} answers are not {name} and compared as texts, such as {others[0][:40]!r}"


def _inferred(kind: str, examples: Sequence[Example]) -> str:
    """Return why a scorer was chosen; if a few answers decided it, which ones."""
    others = [answer for _, answer in examples if value_of(answer) is None]
    if kind == "exact" and len(others) <= len(examples) / 2:
        return f"{len(others)} of {len(examples)} answers are not numbers, such as {others[0][:40]!r}: see --scorer"
    return "inferred from the answers: see --scorer"


def kind_of(answers: Sequence[str]) -> str:
    """Return the scorer for answers: "number" if all are numbers, "choice" if all look like (A) or A, else "exact"."""
    if all(value_of(answer) is not None for answer in answers):
        return "number"
    is_option = re.compile(r"\([A-Za-z]\)|[A-Z]").fullmatch
    return "choice" if all(is_option(answer.strip()) for answer in answers) else "exact"
