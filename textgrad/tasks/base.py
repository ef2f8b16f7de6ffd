"""Data sets of questions with answers, batches of them, and the task that combines them with a grader."""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from textgrad.errors import UsageError
from textgrad.tasks.grading import Grader
from textgrad.tasks.scoring.labels import labels_of
from textgrad.tasks.splits import Example
from textgrad.variable import Variable


class Dataset(ABC):
    """Questions with their answers, in a fixed order."""

    @abstractmethod
    def __getitem__(self, index: int) -> Example:
        """Return the question and the answer at `index`."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of examples."""

    def get_task_description(self) -> str:
        """Return an initial system prompt: the task and the form of the answer."""
        raise NotImplementedError(f"{type(self).__name__} has no description")

    def get_default_task_instruction(self) -> str:
        """Return the same as `get_task_description`; TextGrad has both names."""
        return self.get_task_description()


class Examples(Dataset):
    """A data set in memory.

    Args:
        examples: (question, answer) pairs.
        description: of the task.
        answer_format: instruction on the form of the answer.
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
    """Iterate over batches of a data set, each one list per field of its items; the last batch may be smaller.

    Args:
        data: any `Dataset`, or a list of tuples; most data sets have pairs of a question and an answer.
        batch_size: >= 1.
        shuffle: use a new order in every pass.
        seed: determines the orders.

    Raises:
        UsageError: batch_size is below 1.
    """

    def __init__(self, data: Dataset | Sequence[Example], batch_size: int = 32, shuffle: bool = True, seed: int = 0):
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

    def __next__(self) -> tuple[list, ...]:
        batch = self.indices[self.current_index : self.current_index + self.batch_size]
        if not batch:
            raise StopIteration
        self.current_index += len(batch)
        return tuple(map(list, zip(*(self.data[index] for index in batch), strict=True)))


@dataclass(frozen=True)
class Task:
    """One task: data, initial prompt and grader.

    Attributes:
        name: as given by the user; the file's stem for a user's own file.
        train: training examples. No question is in two of the three sets.
        val: validation examples, for choosing prompts.
        test: test examples, for reporting.
        description: the initial prompt, which ends with the answer format if that is trained.
        answer_format: instruction on the form of the answer, sent with every question; "" if it is trained.
        grader: decides whether an answer is right.
        scorer_name: what config.json and the terminal call the scorer; "judge" if an engine judges.
        remark: what the user should know about the data, or "".
        scorer_fingerprint: of the file with the user's own scorer, or "".
    """

    name: str
    train: Dataset
    val: Dataset
    test: Dataset
    description: str
    answer_format: str
    grader: Grader
    scorer_name: str = "its own scorer"
    remark: str = ""
    scorer_fingerprint: str = ""

    def query(self, question: str) -> str:
        """Return the message to the model: the question and how to give the answer."""
        return f"{question}\n\n{self.answer_format}" if self.answer_format else question

    def score(self, question: str, prediction: str, answer: str) -> float:
        """Return 1 for a right prediction, else 0, or a score in between if the scorer is graded.

        A truncated prediction counts only with an explicit final answer.
        """
        return self.grader.score(question, prediction, answer)

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        """Return the grade as a differentiable value.

        It is "1" or "0", in <ACCURACY> tags if an engine judges, or the score and the feedback of a graded scorer.
        """
        return self.grader.loss(question, prediction, answer)

    def verdict(self, loss: Variable) -> float:
        """Return the score in a loss: 1 if the answer is right, 0 if it is wrong."""
        return self.grader.read(loss).score

    def feedback(self, loss: Variable) -> str:
        """Return what a graded scorer says about the answer, or ""."""
        return self.grader.read(loss).feedback

    @property
    def unreadable_verdicts(self) -> int:
        """Number of unreadable verdicts of a judge; they count as 0."""
        return self.grader.unreadable

    def answer_class(self, example: Example) -> str:
        """Return the class of an example for Dirichlet partitions: its answer, or one of ten groups of answers."""
        return self._label(example[1])

    @cached_property
    def _label(self) -> Callable[[str], str]:
        return labels_of([self.train[index][1] for index in range(len(self.train))])
