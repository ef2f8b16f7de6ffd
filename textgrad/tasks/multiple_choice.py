"""What the tasks with options have in common: the form of a question, and the improvement of a single answer."""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence

from textgrad.engine import EngineLM
from textgrad.errors import UsageError
from textgrad.loss import MultiChoiceTestTime
from textgrad.tasks.base import Dataset
from textgrad.tasks.scoring.answers import choice
from textgrad.tasks.source import answer_line
from textgrad.tasks.splits import Example
from textgrad.text import normalize_all
from textgrad.variable import Variable

ANSWER_FORMAT = answer_line("the letter of the right option in brackets")
SHARES = (0.5, 0.2, 0.3)  # train, validation and test of a data set without official ones
REVIEW = (
    "Review the answer to the question. Check each step of its reasoning, consider whether another option fits "
    "better, and name what is wrong or unproven."
)

Review = Callable[[Variable], Variable]
Score = Callable[[Variable], float]


def example(question: str, options: Sequence[str], right: int) -> Example:
    """Return a question with its options, one per line, and the letter of the right one.

    Args:
        question: without options.
        options: 2 to 26 texts.
        right: index of the right option.

    Raises:
        ValueError: there is no option of this index.
    """
    if not 0 <= right < len(options):
        raise ValueError(f"the right option is number {right} of {len(options)}, from 0")
    lettered = [f"({letter}) {str(option).strip()}" for letter, option in zip(string.ascii_uppercase, options)]
    return "\n".join([question.strip(), "Options:", *lettered]), string.ascii_uppercase[right]


def examples(rows: Iterable[Mapping], read: Callable[[Mapping], Example], origin: str) -> list[Example]:
    """Return the examples in the rows of a data set.

    Args:
        rows: records of the hub.
        read: returns the example in a row.
        origin: of the rows, for the error message.

    Raises:
        UsageError: a row lacks a field, or has one of another type.
    """
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(read(normalize_all(row)))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise UsageError(
                f"{origin}, question {number} is not in the form of this data set ({type(error).__name__}: {error}): "
                "get a new copy of the data"
            ) from error
    return found


class ChoiceInstances(Dataset):
    """Questions with options whose answers are to be improved one by one (TextGrad, section 3.2).

    Item: (request, letter of the right option, review, score). `review(answer)` is the loss of an answer, by an engine
    that does not know the right option; `score(answer)` is 1.0 or 0.0.

    Args:
        questions: pairs of a question with options and a letter.
        evaluation_api: the engine that reviews, or its name.
        max_samples: number of questions; -1 for all.
    """

    def __init__(self, questions: Dataset, evaluation_api: EngineLM | str, max_samples: int = -1):
        self.questions, self.evaluation_api = questions, evaluation_api
        self._count = len(questions) if max_samples < 0 else min(max_samples, len(questions))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[str, str, Review, Score]:  # type: ignore[override]  # TextGrad's item
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        question, answer = self.questions[index % len(self)]
        request = f"{question}\n\n{ANSWER_FORMAT}"
        loss = MultiChoiceTestTime(REVIEW, engine=self.evaluation_api)
        return request, answer, lambda given: loss(request, given), lambda given: float(choice(given.value, answer))

    def get_task_description(self) -> str:
        return self.questions.get_task_description()
