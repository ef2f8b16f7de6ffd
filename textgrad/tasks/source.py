"""The interface of a task source: it receives a `TaskRequest` and returns `TaskData`."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from textgrad.errors import UsageError
from textgrad.tasks.scoring.scorer import QuestionScorer
from textgrad.tasks.splits import Splits

DATA_VARIABLE = "FEDTEXTGRAD_DATA"


class Sizes(NamedTuple):
    """Number of examples wanted per split; None for all."""

    train: int | None = None
    val: int | None = None
    test: int | None = None


@dataclass(frozen=True)
class TaskRequest:
    """What the user asked for.

    Attributes:
        name: the task's name, or the path of a user's file.
        data_dir: a folder with data files, or None.
        seed: determines every random choice.
        sizes: number of examples per split.
        scorer: for a user's file, the name of the scorer; None to infer it from the answers.
    """

    name: str
    data_dir: Path | None = None
    seed: int = 0
    sizes: Sizes = Sizes()
    scorer: str | None = None


@dataclass(frozen=True)
class TaskData:
    """What a source returns.

    Attributes:
        splits: train, validation and test examples; no question is in two of them.
        description: the first prompt, without the answer format.
        answer_format: how to give the answer.
        scorer: returns a number in [0, 1] for a question, a prediction and the right answer; an answer counts as right
            from `grading.RIGHT`. None if only an engine can judge.
    """

    splits: Splits
    description: str
    answer_format: str
    scorer: QuestionScorer | None


def data_folder(data_dir: str | Path | None) -> Path | None:
    """Return the folder with data files: the given one, else that of FEDTEXTGRAD_DATA, else None.

    Raises:
        UsageError: the folder does not exist.
    """
    given = data_dir or os.environ.get(DATA_VARIABLE)
    if given and not Path(given).is_dir():
        origin = "data_dir" if data_dir else DATA_VARIABLE
        raise UsageError(f"{origin} is {str(given)!r}, which is not a folder: give a folder with bbh/, gsm8k/ ...")
    return Path(given) if given else None


def answer_line(what: str) -> str:
    """Return the sentence that asks for a last line with the answer; `what` describes its form."""
    return f"End with one line of the form 'Answer: VALUE', where VALUE is {what}."
