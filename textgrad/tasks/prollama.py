"""ProLLaMA: the superfamily of a protein from its amino acids (Lv et al., 2024, arXiv 2402.16445).

From GreatCaptainNemo/instruction_dataset (4 GB), of which the seed draws a sample. The official test set is the test;
training and validation questions are disjoint samples of the official training data.
"""

import re
from collections.abc import Mapping
from typing import Any

from textgrad.tasks.base import Examples
from textgrad.tasks.hub import hub_splits
from textgrad.tasks.multiple_choice import examples
from textgrad.tasks.scoring.answers import exact
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest, answer_line, data_folder
from textgrad.tasks.splits import Example, disjoint

HUB = "GreatCaptainNemo/instruction_dataset"
NAMES = ("prollama",)
DESCRIPTION = "Determine the superfamily of a protein from its amino acid sequence. Think step by step."
LARGEST = 1000  # questions per split; most of the official data repeat the same superfamilies
_SPLITS = ("train", "valid", "test")


def load(request: TaskRequest) -> TaskData:
    """Return up to `LARGEST` questions per split.

    Raises:
        UsageError: a local copy is unusable.
        BrokenSystem: no local copy, and the hub is unreachable.
    """
    found = hub_splits(HUB, None, request.data_dir, "train", "test")
    train = _sample(found["train"], 2 * LARGEST, request.seed)
    test = _sample(found["test"], LARGEST, request.seed)
    half = (len(train) + 1) // 2
    splits = disjoint((train[:half], train[half:], test))
    answer_format = answer_line("the name of the superfamily alone")
    return TaskData(splits, DESCRIPTION, answer_format, ignore_question(exact), "exact")


def _sample(rows: Any, size: int, seed: int) -> list[Example]:
    wanted = rows.filter(
        lambda instruction: "determine superfamily" in instruction.lower(), input_columns="instruction"
    )
    drawn = wanted.shuffle(seed=seed % 2**32)
    return examples(drawn.select(range(min(size, len(drawn)))), _read, HUB)


def _read(row: Mapping) -> Example:
    answer = row["output"].strip()
    name = re.fullmatch(r"Superfamily=<(.+)>", answer)
    return f"{row['instruction']} {row['input']}", name[1] if name else answer


class ProLLaMA(Examples):
    """One split, under the published code's name.

    Args:
        root: a data folder that may hold a copy of the data set.
        split: "train", "valid" or "test".
    """

    def __init__(self, root: str | None = None, split: str = "train"):
        data = load(TaskRequest("prollama", data_folder(root)))
        super().__init__(data.splits[_SPLITS.index(split)], data.description, data.answer_format)
