"""Canaries: marked training questions that show what clients reveal (`--canaries`).

Idea: Carlini et al., USENIX Security 2019. A canary is a code that stands in one question of one client and nowhere
else, so that a prompt with this code has it from that question.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from utils.federation.evaluation import Sample
from utils.metrics.statistics import Estimate, accuracy
from utils.privacy.identifiers import Identifier, Kind
from utils.privacy.normalized_text import NormalizedText

_NAMES = Path(__file__).with_name("canary_names.txt").read_text(encoding="ascii").split()
_CODES = range(10**7, 10**8)  # so long that none occurs by chance


@dataclass(frozen=True)
class Canary:
    """A planted code.

    Attributes:
        client: number of the client whose question has it.
        task: of the question.
        question: number of the question in the task's training questions.
        text: the sentence that was added to the question.
        code: eight digits in that sentence.
    """

    client: int
    task: str
    question: int
    text: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """Return the entry in partition.json."""
        return asdict(self)

    def is_in(self, prompts: Iterable[NormalizedText]) -> bool:
        """Return True if a prompt has the code, also with other separators or digits of another script."""
        code = Identifier(Kind.NUMBER, self.code, self.code)
        return any(any(code.find_in(prompt)) for prompt in prompts)


def plant(
    train_samples: Sequence[Sequence[Sample]], count: int, seed: int
) -> tuple[list[list[Sample]], tuple[Canary, ...]]:
    """Return the training questions of clients 0, 1, ..., `count` of them with a canary, and the canaries.

    Args:
        train_samples: of all clients.
        count: number of canaries, >= 0.
        seed: determines questions and codes.

    Raises:
        UsageError: there are fewer questions than canaries.
    """
    samples = [list(own) for own in train_samples]
    places = [(client, position) for client, own in enumerate(samples) for position in range(len(own))]
    if count > len(places):
        raise UsageError(f"--canaries {count}: there are only {len(places)} training questions, and each takes one")
    rng = random.Random(f"canaries {seed}")
    canaries = []
    for (client, position), number in zip(rng.sample(places, count), rng.sample(_CODES, count), strict=True):
        sample, code = samples[client][position], str(number)
        text = f"The access code of {rng.choice(_NAMES)} is {code}."
        samples[client][position] = sample._replace(question=f"{sample.question}\n\n{text}")
        canaries.append(Canary(client, sample.task.name, sample.number, text, code))
    return samples, tuple(sorted(canaries, key=lambda canary: (canary.client, canary.task, canary.question)))


def exposure(canaries: Iterable[Canary], prompts: Iterable[tuple[int | None, str]]) -> Estimate:
    """Return the share of canaries that stand in a prompt.

    Args:
        canaries: n canaries.
        prompts: (client, prompt); the client's own canaries are searched, or all canaries if it is None.
    """
    by_client: dict[int | None, list[NormalizedText]] = {}
    for client, prompt in dict.fromkeys(prompts):
        by_client.setdefault(client, []).append(NormalizedText(prompt))
    shared = by_client.get(None, [])
    return accuracy([int(canary.is_in([*shared, *by_client.get(canary.client, [])])) for canary in canaries])
