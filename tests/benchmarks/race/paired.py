"""Races and full validation over known answers, without a model: recorded ones, or those of a world of lessons.

In the world, each question belongs to one of 24 topics. A prompt with the lesson of this topic answers the question
rightly with probability `skill`, any other prompt with probability `base`. When a prompt is reworded, a share `noise`
of its answers is drawn again. A round adds or loses lessons.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from textgrad.engine.simulated_world import chance
from utils.federation.evaluation import Sample, Score
from utils.federation.racing import Race
from utils.federation.result import Round, best_round, lead

_TOPICS, _TEST = 24, 2000
Right = Callable[[str, int], float]
"""Score of a prompt's answer to a numbered question."""


class Choice(NamedTuple):
    """Outcome of the rounds of one run.

    Attributes:
        best: the best prompt on validation.
        calls: answers to validation questions.
    """

    best: str
    calls: int


class Validation:
    """Compares prompts on n validation questions: in a race, or in full if `seed` is None."""

    def __init__(self, right: Right, n: int, seed: int | None):
        self._right, self._n, self.asked = right, n, 0
        task: Any = SimpleNamespace(
            name="t", query=lambda question: question, score=lambda question, reply, answer: float(reply)
        )
        federation: Any = SimpleNamespace(
            config=SimpleNamespace(seed=seed, max_concurrency=1),
            tasks=[task],
            questions={("t", "val"): [Sample(task, str(number), "", "val", number) for number in range(n)]},
            engines=SimpleNamespace(test=SimpleNamespace(generate=self._answer)),
        )
        self._race = Race(federation) if seed is not None else None
        self._full: dict[str, Score] = {}

    def _answer(self, query: str, system_prompt: str) -> str:
        self.asked += 1
        return str(self._right(system_prompt, int(query)))

    def compare(self, *prompts: str) -> list[dict[str, list[Score]]]:
        """Return the scores of prompts, after the answers that their comparison needs."""
        if self._race:
            self._race.run([(prompt,) for prompt in prompts], "round")
            return [self._race.scores((prompt,)) for prompt in prompts]
        for prompt in prompts:
            if prompt not in self._full:
                answers = [float(self._answer(str(number), prompt)) for number in range(self._n)]
                self._full[prompt] = Score(prompt, "t", tuple(answers))
        return [{"t": [self._full[prompt]]} for prompt in prompts]

    def rounds(self, initial: str, propose: Callable[[int, str], str], count: int, gate: bool) -> Choice:
        """Run rounds as `utils.federation.rounds` does: each one proposes a prompt, the gate may reject it.

        Args:
            initial: prompt of round 0.
            propose: returns the merged prompt of a round, from its number and the global prompt.
            count: number of rounds.
            gate: False to adopt every merged prompt.
        """
        self.compare(initial)
        done = [Round(0, prompts=(initial,))]
        for number in range(1, count + 1):
            old = done[-1].prompts[0]
            new = propose(number, old)
            if gate and lead(*self.compare(new, old)) < 0:
                new = old
            best = done[best_round(self._validated(done))].prompts[0]
            self.compare(best, new)
            done.append(Round(number, prompts=(new,)))
        return Choice(done[best_round(self._validated(done))].prompts[0], self.asked)

    def _validated(self, done: list[Round]) -> list[Round]:
        for each in done:
            prompt = each.prompts
            each.validation = self._race.scores(prompt) if self._race else {"t": [self._full[prompt[0]]]}
        return done


@dataclass(frozen=True)
class World:
    """The world of lessons; see the module. Each number is a probability."""

    base: float
    skill: float
    noise: float

    def right(self, prompt: str, number: int, seed: int) -> float:
        """Return 1 for a right answer; a prompt is "<lessons>|<wording>"."""
        lessons, _, wording = prompt.partition("|")
        level = self.skill if f" {number % _TOPICS} " in lessons else self.base
        is_new = chance("noise", seed, number, wording) < self.noise
        return float(chance("answer", seed, number, wording if is_new else "") < level)

    def propose(self, number: int, prompt: str, seed: int) -> str:
        """Return a merged prompt: some lessons more, perhaps one lost, and other words."""
        rng = random.Random(f"{seed} {number} {prompt}")
        lessons = set(prompt.partition("|")[0].split())
        gained = [str(topic) for topic in range(_TOPICS) if str(topic) not in lessons and rng.random() < 0.2]
        lost = {lesson for lesson in sorted(lessons) if rng.random() < 0.05}
        return f" {' '.join(sorted((lessons - lost) | set(gained)))} |{rng.random() if gained or lost else prompt}"


def simulated_choices(world: World, n: int, count: int, gate: bool, seed: int) -> tuple[Choice, Choice, float]:
    """Return the choices of full validation and of races, and the gain of the latter in test accuracy, in points."""

    def right(prompt: str, number: int) -> float:
        return world.right(prompt, number, seed)

    def propose(number: int, prompt: str) -> str:
        return world.propose(number, prompt, seed)

    full, raced = (Validation(right, n, order).rounds(" |", propose, count, gate) for order in (None, seed))
    if full.best == raced.best:
        return full, raced, 0.0
    tests = [sum(right(each.best, number) for number in range(n, n + _TEST)) / _TEST for each in (full, raced)]
    return full, raced, 100 * (tests[1] - tests[0])


def recorded_choices(rounds: Sequence[str], answers: Mapping[str, Sequence[float]], seed: int) -> tuple[Choice, Choice]:
    """Return the choices of full validation and of races among recorded rounds.

    Args:
        rounds: the global prompt of each round.
        answers: scores by prompt.
        seed: of the order of the questions.
    """
    n = len(answers[rounds[0]])
    full, raced = (
        Validation(lambda prompt, number: answers[prompt][number], n, order).rounds(
            rounds[0], lambda number, prompt: rounds[number], len(rounds) - 1, gate=False
        )
        for order in (None, seed)
    )
    return full, raced
