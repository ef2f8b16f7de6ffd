"""Answer questions under a prompt and score the answers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from textgrad.concurrency import fan_out
from textgrad.engine.base import EngineLM
from textgrad.engine.reply import Text
from textgrad.tasks import Task
from textgrad.trace import about, purpose
from utils.metrics.statistics import Estimate, accuracy, mean_of, mean_of_prompts


class Sample(NamedTuple):
    """One question with its right answer, and its place in the data.

    Attributes:
        task: the task.
        question, answer: of the data.
        split: "train", "val" or "test".
        number: 0, 1, ... in the split.
    """

    task: Task
    question: str
    answer: str
    split: str = ""
    number: int = 0


class Outcome(NamedTuple):
    """Result of one question.

    Attributes:
        correct: score of the answer, in [0, 1]: 1 if right, 0 if wrong; only a graded scorer gives others.
        too_long: True if the request exceeded the model's context, so there was no answer.
    """

    correct: float
    too_long: bool


@dataclass(frozen=True)
class Score:
    """The outcomes of one prompt on one set of questions.

    Attributes:
        prompt: id of the prompt.
        task: name of the task.
        correct: score per question, in the order of the data; see `Outcome`. None for a question that a race left out.
    """

    prompt: str
    task: str
    correct: tuple[float | None, ...]

    @property
    def estimate(self) -> Estimate:
        """The accuracy, or mean score, with its n and interval."""
        return answered_accuracy(self.correct)


def answered_accuracy(correct: Sequence[float | None]) -> Estimate:
    """Return the accuracy on the answered questions, marked as raced if there are others; see `Score.correct`."""
    answered = [score for score in correct if score is not None]
    raced_of = len(correct) if len(answered) < len(correct) else 0
    return replace(accuracy(answered), raced_of=raced_of)


def samples_of(task: Task, split: str) -> list[Sample]:
    """Return the questions of a split, "train", "val" or "test", in order."""
    dataset = getattr(task, split)
    pairs = (dataset[number] for number in range(len(dataset)))
    return [Sample(task, question, answer, split, number) for number, (question, answer) in enumerate(pairs)]


def prompt_id(prompt: str) -> str:
    """Return the name of a prompt in logs and ledger: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def answer(engine: EngineLM, prompt: str, sample: Sample) -> str:
    """Return the engine's reply to a question under a prompt."""
    with purpose("answer"):
        return engine.generate(sample.task.query(sample.question), system_prompt=prompt)


def too_long(reply: object) -> bool:
    """Return True for a missing reply to a request that exceeded the model's context."""
    return isinstance(reply, Text) and reply.flaw == "too long"


def outcome_of(engine: EngineLM, prompt: str, sample: Sample) -> Outcome:
    """Answer one question under a prompt and score the answer."""
    with about(sample) as subject:
        reply = answer(engine, prompt, sample)
        subject.score = sample.task.score(sample.question, reply, sample.answer)
    return Outcome(subject.score, too_long(reply))


def evaluate(engine: EngineLM, prompt: str, task: Task, samples: Sequence[Sample], width: int) -> Score:
    """Answer all questions of one task under a prompt, concurrently.

    Args:
        engine: the engine that answers.
        prompt: the system prompt.
        task: the task of the questions.
        samples: n questions.
        width: maximum number of questions in flight.
    """
    outcomes = fan_out(lambda sample: outcome_of(engine, prompt, sample), samples, width=width)
    return Score(prompt_id(prompt), task.name, tuple(outcome.correct for outcome in outcomes))


def mean_estimate(scores: Sequence[Score]) -> Estimate:
    """Return the mean accuracy over tasks, with equal weights; of one task, over its prompts on the same questions."""
    by_task: dict[str, list[Estimate]] = {}
    for score in scores:
        by_task.setdefault(score.task, []).append(score.estimate)
    means = [estimates[0] if len(estimates) == 1 else mean_of_prompts(estimates) for estimates in by_task.values()]
    return means[0] if len(means) == 1 else mean_of(means)
