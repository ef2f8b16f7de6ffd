"""GPQA: multiple-choice questions by experts in biology, physics and chemistry (Rein et al., 2023, arXiv 2311.12022).

From Idavidrein/gpqa, for which the hub requires consent and a token. The questions have no official splits: they are
shuffled by the seed and split.
"""

import random
from collections.abc import Mapping
from pathlib import Path

from textgrad.errors import unknown
from textgrad.tasks.base import Examples
from textgrad.tasks.hub import hub_splits
from textgrad.tasks.multiple_choice import ANSWER_FORMAT, SHARES, ChoiceInstances, example, examples
from textgrad.tasks.scoring.answers import choice
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest, data_folder
from textgrad.tasks.splits import Example, seeded_splits

HUB = "Idavidrein/gpqa"
SUBSETS = ("gpqa_diamond", "gpqa_extended", "gpqa_main")
NAMES = ("GPQA_diamond", "GPQA_extended", "GPQA_main")
DESCRIPTION = "Answer a multiple-choice question of science at the level of a doctorate. Think step by step."
_WRONG = ("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


def load(request: TaskRequest) -> TaskData:
    """Return the data of one subset.

    Raises:
        UsageError: a local copy is unusable.
        BrokenSystem: no local copy, and the hub is unreachable or refuses.
    """
    pairs = _questions(request.name.lower(), request.data_dir)
    splits = seeded_splits(pairs, SHARES, request.seed, request.name)
    return TaskData(splits, DESCRIPTION, ANSWER_FORMAT, ignore_question(choice), "choice")


def _questions(subset: str, data_dir: Path | None) -> list[Example]:
    return examples(hub_splits(HUB, subset, data_dir, "train")["train"], _read, f"{HUB}, {subset}")


def _read(row: Mapping) -> Example:
    """Return a question with its options in an order that depends on the question only."""
    right = row["Correct Answer"].strip()
    options = [right, *(row[column].strip() for column in _WRONG)]
    random.Random(row["Question"]).shuffle(options)
    return example(row["Question"], options, options.index(right))


class GPQA(Examples):
    """All questions of one subset, under TextGrad's name.

    Args:
        subset: one of `SUBSETS`.
        root: a data folder that may hold a copy of the data set.
    """

    def __init__(self, subset: str, root: str | None = None):
        if subset not in SUBSETS:
            raise unknown("subset", subset, SUBSETS)
        super().__init__(_questions(subset, data_folder(root)), DESCRIPTION, ANSWER_FORMAT)


class GPQAInstanceDataset(ChoiceInstances):
    """Questions of one subset whose answers are to be improved one by one.

    Args:
        evaluation_api, max_samples: as for `ChoiceInstances`.
        subset, root: as for `GPQA`.
        split: "train", the only one.
    """

    def __init__(self, evaluation_api, subset: str, root: str | None = None, split: str = "train", max_samples=-1):
        if split != "train":
            raise unknown("split", split, ["train"])
        super().__init__(GPQA(subset, root), evaluation_api, max_samples)
