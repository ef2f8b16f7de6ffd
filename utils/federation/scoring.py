"""Score prompts on the validation or test questions of all tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

from textgrad.concurrency import fan_out, scope
from textgrad.engine.base import EngineLM
from textgrad.tasks import Task
from utils.federation.evaluation import Score, answer, evaluate, too_long
from utils.federation.result import Scores
from utils.federation.setup import Federation


@dataclass(frozen=True)
class Evaluation:
    """Prompts to score on one split of every task.

    Attributes:
        label: its name in logs and in the scope of its calls, such as "round 2" or "best on gpt-4o".
        split: "val", "test" or, for a backdoor, "triggered".
        prompts: the prompts, at least one.
        engine: the engine that answers.
        round_number: the round whose prompts are validated; None for every other evaluation.
    """

    label: str
    split: str
    prompts: tuple[str, ...]
    engine: EngineLM
    round_number: int | None = None


def validation_of(federation: Federation, round_number: int, prompts: tuple[str, ...]) -> Evaluation:
    """Return the validation of the prompts after a round; round 0 is the initial prompt."""
    return Evaluation(f"round {round_number}", "val", prompts, federation.engines.test, round_number)


def score_prompts(federation: Federation, evaluation: Evaluation) -> Scores:
    """Return the scores of an evaluation. Equal prompts are scored once."""
    width = federation.config.max_concurrency

    def score(pair: tuple[Task, str]) -> Score:
        task, prompt = pair
        return evaluate(evaluation.engine, prompt, task, federation.questions[task.name, evaluation.split], width)

    distinct = list(dict.fromkeys(evaluation.prompts))
    pairs = [(task, prompt) for task in federation.tasks for prompt in distinct]
    with scope(scores=evaluation.label):
        scores = dict(zip(pairs, fan_out(score, pairs, width=width), strict=True))
    return {task.name: [scores[task, prompt] for prompt in evaluation.prompts] for task in federation.tasks}


def exceeds_context(federation: Federation, prompt: str, answered: Sequence[str]) -> bool:
    """Return True if the longest validation question exceeds the test engine's context under a prompt.

    The validation repeats this call, so it costs nothing extra unless a race leaves this question out.

    Args:
        federation: tasks and engines.
        prompt: the merged prompt.
        answered: prompts under which clients have answered; a prompt of at most their length is not checked.
    """
    if len(prompt) <= max(map(len, answered)):
        return False
    samples = [sample for task in federation.tasks for sample in federation.questions[task.name, "val"]]
    longest = max(samples, key=lambda sample: len(sample.question), default=None)
    with scope(scores="fits"):
        return longest is not None and too_long(answer(federation.engines.test, prompt, longest))
