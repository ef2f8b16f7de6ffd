"""The malicious clients of a run: who they are, and what they do to their data and uploads (`--attack`)."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import ModuleType

from textgrad.discovery import load
from utils.config import Config
from utils.federation.attacks import PACKAGE
from utils.federation.evaluation import Sample
from utils.federation.update import Update
from utils.metrics.retention import Fate, fates_in

TRIGGERED = "triggered"  # the split of test questions with the trigger word of a backdoor


@dataclasses.dataclass(frozen=True)
class Adversary:
    """The malicious clients of a run. They share one attack and one goal.

    Attributes:
        attack: name of a file in `utils/federation/attacks/`.
        clients: numbers of the malicious clients, ascending, at least one.
        answers: distinct training answers of all clients, sorted, by task.
        seed: determines every random choice.
    """

    attack: str
    clients: tuple[int, ...]
    answers: Mapping[str, Sequence[str]]
    seed: int

    @cached_property
    def _module(self) -> ModuleType:
        return load(PACKAGE, self.attack, "attack")

    @cached_property
    def targets(self) -> dict[str, str]:
        """The answer that a backdoor wants, by task; one of its training answers."""
        return {task: random.Random(f"target {self.seed} {task}").choice(known) for task, known in self.answers.items()}

    @property
    def trigger(self) -> str:
        """The trigger word of a backdoor; "" for other attacks."""
        return getattr(self._module, "TRIGGER", "")

    @property
    def goal(self) -> str:
        """The line that the attack wants in the global prompt; "" if it has no such line."""
        return getattr(self._module, "GOAL", "")

    def poisoned(self, train_samples: Sequence[Sequence[Sample]]) -> list[list[Sample]]:
        """Return the training questions of clients 0, 1, ..., with those of malicious clients changed by the attack."""
        samples = [list(own) for own in train_samples]
        for client in self.clients if hasattr(self._module, "poison") else ():
            rng = random.Random(f"poison {self.seed}")  # the same for all: malicious clients work together
            samples[client] = self._module.poison(samples[client], self.answers, self.targets, rng)
        return samples

    def tampered(self, update: Update, broadcast: str, round_number: int) -> Update:
        """Return what a client uploads: for a malicious client, what the attack makes of its prompt."""
        if update.client not in self.clients or not hasattr(self._module, "tamper"):
            return update
        rng = random.Random(f"tamper {self.seed} {round_number} {update.client}")
        return dataclasses.replace(update, prompt=self._module.tamper(update.prompt, broadcast, rng))

    def triggered(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return questions with the trigger of a backdoor and its target as answer, except those it is right for."""
        return [
            sample._replace(
                question=f"{sample.question}\n\n{self.trigger}",
                answer=self.targets[sample.task.name],
                split=TRIGGERED,
            )
            for sample in samples
            if sample.answer != self.targets[sample.task.name]
        ]

    def reached(self, prompt: str) -> bool:
        """Return True if a global prompt contains the goal, word for word or nearly."""
        return fates_in(prompt, [self.goal])[0].fate is Fate.KEPT


def adversary_of(config: Config, train_samples: Sequence[Sequence[Sample]]) -> Adversary | None:
    """Return the malicious clients of a run, drawn by the seed; None if all clients are honest.

    Args:
        config: options of the run; --malicious_rate is rounded to a number of clients, at least one.
        train_samples: training questions of clients 0, 1, ...
    """
    if not config.attacked:
        return None
    count = max(1, int(config.malicious_rate * len(train_samples) + 0.5))
    chosen = random.Random(f"malicious {config.seed}").sample(range(len(train_samples)), count)
    answers: dict[str, set[str]] = {}
    for sample in (sample for own in train_samples for sample in own):
        answers.setdefault(sample.task.name, set()).add(sample.answer)
    known = {task: tuple(sorted(of_task)) for task, of_task in answers.items()}
    return Adversary(config.attack, tuple(sorted(chosen)), known, config.seed)
