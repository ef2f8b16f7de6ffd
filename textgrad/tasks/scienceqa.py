"""ScienceQA: multiple-choice questions of school science (Lu et al., 2022, arXiv 2209.09513), those without an image.

From derek-thomas/ScienceQA, with its official splits, each shuffled by the seed. `textgrad.tasks.multimodal` has the
questions about images.
"""

from collections.abc import Mapping

from textgrad.tasks.hub import hub_splits
from textgrad.tasks.multiple_choice import ANSWER_FORMAT, example, examples
from textgrad.tasks.scoring.answers import choice
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest
from textgrad.tasks.splits import Example, disjoint, shuffled

HUB = "derek-thomas/ScienceQA"
NAMES = ("ScienceQA",)
_SPLITS = ("train", "validation", "test")
DESCRIPTION = "Answer a multiple-choice question of school science. Think step by step, then pick an option."


def load(request: TaskRequest) -> TaskData:
    """Return the questions without an image.

    Raises:
        UsageError: a local copy is unusable.
        BrokenSystem: no local copy, and the hub is unreachable.
    """
    found = hub_splits(HUB, None, request.data_dir, *_SPLITS)
    train, val, test = (
        shuffled(examples((row for row in found[split] if row["image"] is None), read, f"{HUB}, {split}"), request.seed)
        for split in _SPLITS
    )
    splits = disjoint((train, val, test))
    return TaskData(splits, DESCRIPTION, ANSWER_FORMAT, ignore_question(choice), "choice")


def read(row: Mapping) -> Example:
    """Return the question of a row, with its context and its options, and the letter of the right one."""
    context = f"Context: {row['hint'].strip()}\n" if row.get("hint") else ""
    return example(f"{context}{row['question']}", row["choices"], row["answer"])
