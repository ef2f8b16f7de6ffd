"""What every task is made of: questions with answers, batches of them, and the task that ties them to a grader."""

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from textgrad.errors import UsageError
from textgrad.tasks.scoring.labels import labels_of

if TYPE_CHECKING:
    from textgrad.tasks.scoring.grading import Grader
    from textgrad.variable import Variable

Example = tuple[str, str]


class Dataset(ABC):
    """Questions with their answers, in a fixed order."""

    @abstractmethod
    def __getitem__(self, index: int) -> Example:
        """The question and the answer at `index`."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    def get_task_description(self) -> str:
        """A first system prompt: what is asked, and in which form to answer."""
        raise NotImplementedError(f"{type(self).__name__} has no description")


class Examples(Dataset):
    """A data set that is held in memory.

    Args:
        examples: (question, answer) pairs.
        description: what is asked.
        answer_format: in which form to answer.
    """

    def __init__(self, examples: Sequence[Example], description: str = "", answer_format: str = ""):
        self.examples = list(examples)
        self.description, self.answer_format = description, answer_format

    def __getitem__(self, index: int) -> Example:
        return self.examples[index]

    def __len__(self) -> int:
        return len(self.examples)

    def get_task_description(self) -> str:
        return f"{self.description} {self.answer_format}".strip()


class DataLoader:
    """Batches of a data set, each a tuple of its questions and its answers; the last one may be smaller.

    Args:
        data: any `Dataset`, or a list of pairs.
        batch_size: >= 1.
        shuffle: a new order at every pass.
        seed: decides the orders.

    Raises:
        UsageError: batch_size is below 1.
    """

    def __init__(self, data, batch_size: int = 32, shuffle: bool = True, seed: int = 0):
        if batch_size < 1:
            raise UsageError(f"batch_size is {batch_size}: it must be 1 or more")
        self.data, self.batch_size, self.shuffle = data, batch_size, shuffle
        self.indices = list(range(len(data)))
        self.current_index = 0
        self._rng = random.Random(seed)

    def __iter__(self) -> "DataLoader":
        if self.shuffle:
            self._rng.shuffle(self.indices)
        self.current_index = 0
        return self

    def __next__(self) -> tuple[list, list]:
        chosen = self.indices[self.current_index : self.current_index + self.batch_size]
        if not chosen:
            raise StopIteration
        self.current_index += len(chosen)
        pairs = [self.data[index] for index in chosen]
        return [question for question, _ in pairs], [answer for _, answer in pairs]


@dataclass(frozen=True)
class Task:
    """One task: its data, its first prompt, and how answers to it are graded.

    Attributes:
        name: as it was asked for; the file's stem for a user's own file.
        train: examples to learn from. No question is in two of the three sets.
        val: examples to choose by.
        test: examples to report on.
        description: the first prompt, without the answer format.
        answer_format: how to give the answer; sent with every question, never trained.
        grader: decides whether an answer is right.
    """

    name: str
    train: Dataset
    val: Dataset
    test: Dataset
    description: str
    answer_format: str
    grader: "Grader"

    def query(self, question: str) -> str:
        """What is sent to the model: the question and how to give the answer."""
        return f"{question}\n\n{self.answer_format}"

    def score(self, question: str, prediction: str, answer: str) -> int:
        """1 for a right prediction, else 0. A truncated one counts only by an explicit final answer."""
        return self.grader.score(question, prediction, answer)

    def loss(self, question: "Variable", prediction: "Variable", answer: "Variable") -> "Variable":
        """The grade as a differentiable value: "1" or "0", within <ACCURACY> tags where an engine judges."""
        return self.grader.loss(question, prediction, answer)

    def verdict(self, loss: "Variable") -> int:
        """1 where a loss says that the answer is right, else 0."""
        from textgrad.tasks.scoring.grading import (
            verdict,
        )  # grading stands on the autograd engine, which most of this module does not need

        said = loss.value
        return int(said if said in ("0", "1") else verdict(said))

    @property
    def unreadable_verdicts(self) -> int:
        """How often an engine's verdict could not be read, and was taken for a 0."""
        return self.grader.unreadable

    def answer_class(self, example: Example) -> str:
        """The label by which a Dirichlet split spreads examples: the answer, or one of ten groups of answers."""
        return self._label(example[1])

    @cached_property
    def _label(self):
        return labels_of([self.train[index][1] for index in range(len(self.train))])
