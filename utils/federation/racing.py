"""Races: validate prompts on as many questions as it takes to find the best one (`--validate race`).

All prompts of a run answer the validation questions of all tasks in one seeded order, in growing blocks. A prompt drops
out of a comparison when the test in `utils.metrics.race` says that another one is better on all questions.
"""

import random
import threading
from collections.abc import Sequence
from math import fsum

from textgrad.concurrency import Scope, current_scope, fan_out, use_scope
from utils.federation.evaluation import Sample, Score, outcome_of, prompt_id
from utils.federation.result import Scores
from utils.federation.setup import Federation
from utils.metrics.race import ERROR, is_ahead, looks

Prompts = tuple[str, ...]
"""A candidate: the global prompt or, with aggregator "none", one prompt per client."""


class Race:
    """The validation of one run, one comparison at a time. No prompt answers a question twice.

    Args:
        federation: validation questions, test engine and options.
    """

    def __init__(self, federation: Federation):
        self._federation = federation
        tasks = {task.name: federation.questions[task.name, "val"] for task in federation.tasks}
        order = [sample for samples in tasks.values() for sample in samples]
        random.Random(f"race {federation.config.seed}").shuffle(order)
        self._order = order
        # The mean over tasks weights all tasks equally; with one task, or tasks of equal size, the weights are 1.
        mean_size = len(order) / max(1, sum(map(bool, tasks.values())))
        self._weights = [mean_size / len(tasks[sample.task.name]) for sample in order]
        first = max((_first_of(name, order) for name, samples in tasks.items() if samples), default=0)
        self._looks = list(dict.fromkeys(max(first + 1, look) for look in looks(len(order))))
        self._correct: dict[str, list[float]] = {}  # by prompt, in `_order`
        self._scopes: dict[str, Scope] = {}  # of each prompt's requests, those of later comparisons too
        self._lock = threading.Lock()

    def run(self, candidates: Sequence[Prompts], label: str) -> Prompts:
        """Answer questions until one candidate is known to be the best on all of them; return it.

        A single candidate only answers the first block. In a tie on all questions, the first candidate is returned. The
        result depends on the candidates and their answers only, not on earlier comparisons.

        Args:
            candidates: at least one.
            label: of the evaluation; see `Evaluation`.
        """
        racing = list(dict.fromkeys(candidates))
        error = ERROR / max(1, len(racing) - 1)  # the best one may be dropped in favour of each other one
        leader = racing[0]
        for size in self._looks:
            self._answer(racing, size, label)
            leader = self._leader(racing, size)
            racing = [each for each in racing if each == leader or not self._is_ahead(leader, each, size, error)]
            if len(racing) == 1:
                break
        return leader

    def scores(self, prompts: Prompts) -> Scores:
        """Return the scores of prompts on the questions answered so far, without further requests."""
        return {task.name: [self._score(prompt, task.name) for prompt in prompts] for task in self._federation.tasks}

    def _score(self, prompt: str, task: str) -> Score:
        answers = zip(self._order, self._correct.get(prompt, ()), strict=False)
        known = {sample.number: score for sample, score in answers if sample.task.name == task}
        n = len(self._federation.questions[task, "val"])
        return Score(prompt_id(prompt), task, tuple(map(known.get, range(n))))

    def _answer(self, racing: Sequence[Prompts], size: int, label: str) -> None:
        """Answer the first `size` questions under all prompts, concurrently, except for those answered before."""
        place = tuple(each for each in current_scope() if each[0] == "round")
        with self._lock:
            requests: list[tuple[str, int]] = []
            for prompt in dict.fromkeys(prompt for candidate in racing for prompt in candidate):
                self._scopes.setdefault(prompt, (*place, ("scores", label)))
                known = len(self._correct.setdefault(prompt, []))
                requests += [(prompt, position) for position in range(known, size)]
            scores = fan_out(self._ask, requests, width=self._federation.config.max_concurrency)
            for (prompt, _), score in zip(requests, scores, strict=True):
                self._correct[prompt].append(score)

    def _ask(self, request: tuple[str, int]) -> float:
        prompt, position = request
        with use_scope((*self._scopes[prompt], ("item", position))):
            return outcome_of(self._federation.engines.test, prompt, self._order[position]).correct

    def _values(self, candidate: Prompts, size: int) -> list[float]:
        """Return the weighted mean score of a candidate's prompts on each of the first `size` questions."""
        answers = zip(*(self._correct[prompt][:size] for prompt in candidate), strict=True)
        return [weight * fsum(each) / len(each) for weight, each in zip(self._weights, answers, strict=False)]

    def _leader(self, racing: Sequence[Prompts], size: int) -> Prompts:
        """Return the first candidate with the highest score on the first `size` questions."""
        totals = [round(fsum(self._values(each, size)), 9) for each in racing]  # equal sums may differ by an error
        return racing[totals.index(max(totals))]

    def _is_ahead(self, leader: Prompts, other: Prompts, size: int, error: float) -> bool:
        pairs = zip(self._values(leader, size), self._values(other, size), strict=True)
        return is_ahead([new - old for new, old in pairs], len(self._order), max(self._weights), error)


def _first_of(task: str, order: Sequence[Sample]) -> int:
    """Return the position of the first question of a task."""
    return next(position for position, sample in enumerate(order) if sample.task.name == task)
