"""The seam between where questions come from and the tasks: a source gets a `Request` and hands over a `Source`."""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from textgrad.errors import UsageError
from textgrad.tasks.base import Example
from textgrad.tasks.scoring.answers import Scorer
from textgrad.tasks.scoring.grading import QuestionScorer

DATA_VARIABLE = "FEDTEXTGRAD_DATA"

Splits = tuple[list[Example], list[Example], list[Example]]


class Sizes(NamedTuple):
    """How many examples are wanted of each split; None for all."""

    train: int | None = None
    val: int | None = None
    test: int | None = None


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        name: the task's name, or the path of a user's file.
        data_dir: a folder with data files, or None.
        seed: decides every random choice.
        sizes: how many examples.
        scorer: for a user's file, how to score; None to see from its answers.
    """

    name: str
    data_dir: Path | None = None
    seed: int = 0
    sizes: Sizes = Sizes()
    scorer: str | None = None


@dataclass(frozen=True)
class Source:
    """What a source hands over.

    Attributes:
        splits: train, validation and test examples; no question is in two of them.
        description: the first prompt, without the answer format.
        answer_format: how to give the answer.
        scorer: decides whether an answer is right; None where only an engine can judge.
    """

    splits: Splits
    description: str
    answer_format: str
    scorer: QuestionScorer | None


def data_folder(data_dir: str | Path | None) -> Path | None:
    """The folder with data files: the given one, else that of FEDTEXTGRAD_DATA, else None.

    Raises:
        UsageError: it is not there.
    """
    given = data_dir or os.environ.get(DATA_VARIABLE)
    if given and not Path(given).is_dir():
        origin = "data_dir" if data_dir else DATA_VARIABLE
        raise UsageError(f"{origin} is {str(given)!r}, which is no folder: give one with bbh/, gsm8k/ ...")
    return Path(given) if given else None


def answer_line(what: str) -> str:
    """The sentence that asks for a last line with the answer; `what` says of which form it is."""
    return f"End with one line of the form 'Answer: VALUE', where VALUE is {what}."


def whatever_the_question(scorer: Scorer) -> QuestionScorer:
    """A scorer that is given the question too, and does not look at it."""
    return lambda question, prediction, answer: scorer(prediction, answer)


def cut(splits: Splits, sizes: Sizes, name: str) -> Splits:
    """The first examples of each split, as many as wanted.

    Raises:
        UsageError: more are wanted than there are.
    """
    for label, size, split in zip(("train", "val", "test"), sizes, splits, strict=True):
        if size is not None and size > len(split):
            raise UsageError(
                f"{label}_size is {size}, but {name} has {len(split)} examples there: ask for {len(split)} at most"
            )
    train, val, test = (split[:size] for size, split in zip(sizes, splits, strict=True))
    return train, val, test


def distinct(examples: Sequence[Example]) -> list[Example]:
    """The examples in order, each question at its first place only."""
    once: dict[str, str] = {}
    for question, answer in examples:
        once.setdefault(question, answer)
    return list(once.items())


def seeded_splits(examples: Sequence[Example], parts: tuple[float, float, float], seed: int, name: str) -> Splits:
    """Shuffled and dealt out to train, validation and test; a question that is there twice counts once.

    Args:
        examples: at least three different questions.
        parts: the shares of the three, which add up to 1.
        seed: decides the order.
        name: of the data, for the error.

    Raises:
        UsageError: there are fewer than three different questions.
    """
    shuffled = distinct(examples)
    if len(shuffled) < 3:
        raise UsageError(
            f"{name} has {len(shuffled)} different questions: at least 3 are needed, one for each of "
            "training, validation and test"
        )
    random.Random(seed).shuffle(shuffled)
    val, test = (max(1, round(len(shuffled) * part)) for part in parts[1:])
    train = len(shuffled) - val - test
    return shuffled[:train], shuffled[train : train + val], shuffled[train + val :]
