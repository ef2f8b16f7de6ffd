"""Answering questions under a prompt, and scoring the answers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textgrad.concurrency import fan_out
from textgrad.engine.base import EngineLM
from textgrad.tasks import Task
from utils.metrics.statistics import Estimate, accuracy, mean_of, mean_of_prompts


class Sample(NamedTuple):
    """One question with its right answer, and the task it belongs to."""

    task: Task
    question: str
    answer: str


def samples_of(task: Task, dataset) -> list[Sample]:
    """A data set's questions in order."""
    return [Sample(task, *dataset[index]) for index in range(len(dataset))]


def prompt_id(prompt: str) -> str:
    """The name of a prompt in logs and ledger: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class Score:
    """How one prompt did on one set of questions.

    Attributes:
        prompt: the id of the prompt that the engine was given.
        task: the task's name.
        correct: 1 or 0 a question, in the order of the data.
    """

    prompt: str
    task: str
    correct: tuple[int, ...]

    @property
    def estimate(self) -> Estimate:
        """The accuracy with its n and interval."""
        return accuracy(self.correct)


def answer(engine: EngineLM, prompt: str, sample: Sample) -> str:
    """The engine's reply to a question under a prompt."""
    return engine.generate(sample.task.query(sample.question), system_prompt=prompt)


def too_long(reply: str) -> bool:
    """True when there is no reply because the request was longer than the model's context."""
    return getattr(reply, "flaw", None) == "too long"


def verdict(engine: EngineLM, prompt: str, sample: Sample) -> tuple[int, bool]:
    """1 where the engine answers the question rightly under the prompt, else 0; whether the request was too long."""
    reply = answer(engine, prompt, sample)
    return sample.task.score(sample.question, reply, sample.answer), too_long(reply)


def evaluate(engine: EngineLM, prompt: str, task: Task, samples: Sequence[Sample], width: int) -> Score:
    """Answers all questions of one task under a prompt, side by side.

    Args:
        engine: answers.
        prompt: the system prompt.
        task: whose questions they are.
        samples: n questions.
        width: how many are answered at once at the most.
    """
    correct = fan_out(lambda sample: verdict(engine, prompt, sample)[0], samples, width=width)
    return Score(prompt_id(prompt), task.name, tuple(correct))


def mean_estimate(scores: Sequence[Score]) -> Estimate:
    """The mean accuracy over tasks, each counting the same; of one task over its prompts, which share its questions."""
    by_task: dict[str, list[Estimate]] = {}
    for score in scores:
        by_task.setdefault(score.task, []).append(score.estimate)
    of_tasks = [own[0] if len(own) == 1 else mean_of_prompts(own) for own in by_task.values()]
    return of_tasks[0] if len(of_tasks) == 1 else mean_of(of_tasks)
