"""A user's own questions: a .jsonl file with "question" and "answer" on each line."""

import re
from collections.abc import Sequence
from pathlib import Path

from textgrad.errors import unknown
from textgrad.tasks.records import from_jsonl
from textgrad.tasks.scoring.answers import SCORERS
from textgrad.tasks.scoring.numerals import value_of
from textgrad.tasks.source import Request, Source, answer_line, seeded_splits, whatever_the_question

PARTS = (0.5, 0.2, 0.3)  # train, validation, test
DESCRIPTION = "Answer the question. Think step by step."

KINDS = {
    "number": "a number",
    "exact": "the answer and nothing else",
    "choice": "the letter of the right option in brackets",
    "judge": "the answer",
}


def load(request: Request) -> Source:
    """The source of a user's file, shuffled and split by the seed.

    Args:
        request: its name is the file's path; its scorer a key of `KINDS`, or None for what the answers look like.

    Raises:
        UsageError: the file cannot be read; a line is no JSON or lacks a field; fewer than three different questions;
            an unknown scorer.
    """
    path = Path(request.name)
    examples = [(str(record["question"]), str(record["answer"])) for record in from_jsonl(path, ("question", "answer"))]
    kind = request.scorer or kind_of([answer for _, answer in examples])
    if kind not in KINDS:
        raise unknown("scorer", kind, KINDS)
    splits = seeded_splits(examples, PARTS, request.seed, str(path))
    scorer = None if kind == "judge" else whatever_the_question(SCORERS[kind])
    return Source(splits, DESCRIPTION, answer_line(KINDS[kind]), scorer)


def kind_of(answers: Sequence[str]) -> str:
    """How to score: "number" if all answers are numbers, "choice" if all look like (A), else "exact"."""
    if all(value_of(answer) is not None for answer in answers):
        return "number"
    return "choice" if all(re.fullmatch(r"\([A-Za-z]\)", answer.strip()) for answer in answers) else "exact"
