"""What the data sets of questions about images have in common."""

from collections.abc import Callable
from typing import Any

from textgrad.engine import EngineLM
from textgrad.errors import UsageError, unknown
from textgrad.loss import ImageQALoss
from textgrad.tasks.base import Dataset
from textgrad.tasks.hub import hub_splits
from textgrad.tasks.multiple_choice import Review
from textgrad.tasks.source import data_folder
from textgrad.text import normalize_all
from textgrad.variable import Variable

Judge = Callable[[Variable], tuple[int, dict]]
Item = tuple[bytes, str, Any, dict, Review, Judge]


class ImageInstances(Dataset):
    """Questions about images.

    Item: (image file, request, right answer, other fields, review, score). `review(answer)` is the loss of an answer,
    by an engine that does not know the right one; `score(answer)` is 1 or 0 with {"true_false": the same as a bool}.

    Args:
        evaluation_api: the engine that reviews, which takes images.
        root: a data folder that may hold a copy of the data set.
        split: one of `splits`; default: the first.
        task_instruction: begins every request; default: `instruction`.
        evaluation_instruction: of the reviewer; default: `review_instruction`.

    Attributes:
        hub, splits: of the data set.
        instruction, review_instruction: defaults, for a subclass to set.

    Raises:
        UsageError: the split is unknown, a local copy is unusable, or, when an item is read, the engine takes no
            images.
        BrokenSystem: no local copy, and the hub is unreachable.
    """

    hub: str
    splits: tuple[str, ...]
    image_column: str
    instruction: str
    review_instruction = (
        "Do not solve the problem. Check whether the answer reads the image correctly, whether each step follows, and "
        "whether it answers the question."
    )

    def __init__(
        self,
        evaluation_api: EngineLM | str,
        root: str | None = None,
        split: str | None = None,
        task_instruction: str | None = None,
        evaluation_instruction: str | None = None,
    ):
        split = split or self.splits[0]
        if split not in self.splits:
            raise unknown("split", split, self.splits)
        self.evaluation_api = evaluation_api
        self.task_instruction = task_instruction or self.instruction
        self.evaluation_instruction = evaluation_instruction or self.review_instruction
        self._rows = hub_splits(self.hub, None, data_folder(root), split)[split]
        if self.image_column not in self._rows.column_names:
            raise UsageError(f"{self.hub} has no column {self.image_column!r}: get a new copy of the data")
        images = self._rows.select_columns(self.image_column)
        self._positions = [number for number, row in enumerate(images) if row[self.image_column]]

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> Item:  # type: ignore[override]  # TextGrad's item
        position = self._positions[index]
        row = normalize_all(self._rows[position])
        image = row[self.image_column]["bytes"]
        query = f"{self.task_instruction}\n{self.question_of(row)}"
        loss = ImageQALoss(self.evaluation_instruction, engine=self.evaluation_api)
        given = {
            "image": Variable(image, requires_grad=False, role_description="image of the question"),
            "question": Variable(query, requires_grad=False, role_description="question about the image"),
        }

        def score(answer: Variable) -> tuple[int, dict]:
            right = isinstance(answer.value, str) and self.is_right(answer.value, row)
            return int(right), {"true_false": right}

        fields = {"pid": str(position), **row, "query": query}
        del fields[self.image_column]
        return image, query, row["answer"], fields, lambda answer: loss(response=answer, **given), score

    def question_of(self, row: dict) -> str:
        """Return the question of a row, with its options."""
        raise NotImplementedError

    def is_right(self, reply: str, row: dict) -> bool:
        """Return True if a reply gives the right answer of a row."""
        raise NotImplementedError

    def get_task_description(self) -> str:
        return self.task_instruction
