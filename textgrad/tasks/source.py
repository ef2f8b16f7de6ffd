"""The interface of a task source: `load(request: TaskRequest) -> TaskData`.

A source without a scorer of its own declares `TAKES_SCORER = True`; its tasks are named after the end of the path.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from textgrad.errors import UsageError
from textgrad.tasks.scoring.scorer import GradedScorer, QuestionScorer
from textgrad.tasks.splits import Splits

DATA_VARIABLE = "FEDTEXTGRAD_DATA"
GRADED = " (graded)"  # ends the name of a graded scorer


class Sizes(NamedTuple):
    """Requested number of examples per split; None for all."""

    train: int | None = None
    val: int | None = None
    test: int | None = None


@dataclass(frozen=True)
class TaskRequest:
    """A request for the data of a task.

    Attributes:
        name: the task's name, or the path of a user's file.
        data_dir: a folder with data files, or None.
        seed: determines every random choice.
        sizes: number of examples per split.
        scorer: name of the scorer of a user's file, or "file.py:function"; None to infer it from the answers.
        allow_code: True if a scorer may run the code of replies.
        columns: of a data set of the hub that are "question" and "answer"; see `textgrad.tasks.hugging_face`.
        hub_splits: of such a data set that are "train", "val" and "test".
    """

    name: str
    data_dir: Path | None = None
    seed: int = 0
    sizes: Sizes = Sizes()
    scorer: str | None = None
    allow_code: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    hub_splits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskData:
    """The data of a task.

    Attributes:
        splits: train, validation and test examples; no question is in two of them.
        description: the initial prompt, without the answer format.
        answer_format: instruction on the form of the answer.
        scorer: (question, prediction, right answer) -> score in [0, 1], where `grading.RIGHT` and above is right;
            None if only an engine can judge, or if there is a graded scorer.
        scorer_name: what config.json and the terminal call the scorer.
        remark: what the user should know about the data, or "".
        graded_scorer: a scorer whose every score counts as it is, instead of as right or wrong.
    """

    splits: Splits
    description: str
    answer_format: str
    scorer: QuestionScorer | None
    scorer_name: str = "its own scorer"
    remark: str = ""
    graded_scorer: GradedScorer | None = None


def data_folder(data_dir: str | Path | None) -> Path | None:
    """Return the folder with data files: the given one, else that of FEDTEXTGRAD_DATA, else None.

    Raises:
        UsageError: the folder does not exist.
    """
    folder = data_dir or os.environ.get(DATA_VARIABLE)
    if folder and not Path(folder).is_dir():
        origin = "data_dir" if data_dir else DATA_VARIABLE
        raise UsageError(f"{origin} is {str(folder)!r}, which is not a folder: use a folder with bbh/, gsm8k/ ...")
    return Path(folder) if folder else None


def own_copy_hint(data_dir: Path | None, *files: str) -> str:
    """Return how to use local files instead of a download.

    Args:
        data_dir: the folder with data files, which lacks them; None if no folder was given.
        files: their paths in such a folder, such as "bbh/snarks.json".
    """
    names = " and ".join(files)
    if data_dir:
        return f"put the data into {names} in --data_dir {data_dir}, which lacks it"
    return f"put the data into a folder as {names} and name the folder with --data_dir (or {DATA_VARIABLE})"


def answer_line(form: str) -> str:
    """Return the instruction to end with a line with the answer; `form` describes the answer, such as "a number"."""
    return f"End with one line of the form 'Answer: VALUE', where VALUE is {form}."
