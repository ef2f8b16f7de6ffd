"""The result of a run: its rounds and test scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from utils.aggregation.aggregate import Merge
from utils.aggregation.client_scores import ClientScores
from utils.federation.evaluation import Score, mean_estimate
from utils.federation.update import NoUpload, Step, Update
from utils.metrics.retention import Retention
from utils.metrics.statistics import Estimate

Scores = dict[str, list[Score]]
"""By task, the scores of the current prompts: one global prompt or, with aggregator "none", one prompt per client."""


def overall(scores: Scores) -> Estimate:
    """Return the mean accuracy over tasks and, for local-only training, over the clients' prompts."""
    return mean_estimate([score for of_task in scores.values() for score in of_task])


def lead(new: Scores, old: Scores) -> float:
    """Return how much higher the mean accuracy over tasks is in `new`, on the questions that both sides answered.

    Differences are divided by the number of all questions of their task, so the sign is that of `overall` unless a
    race left questions out. A rounding error counts as 0.
    """
    means = []
    for task, of_task in new.items():
        answers = zip(*(score.correct for score in (*of_task, *old[task])), strict=True)
        changes = [_change(each[: len(of_task)], each[len(of_task) :]) for each in answers if None not in each]
        if n := len(of_task[0].correct):
            means.append(fsum(changes) / n)
    return round(fsum(means) / len(means), 9) if means else 0.0


def _change(new: Sequence[Any], old: Sequence[Any]) -> float:
    return fsum(new) / len(new) - fsum(old) / len(old)


def prompts_text(prompts: Sequence[str]) -> str:
    """Return the prompts of a round as one text: the global prompt, or each client's own prompt below its number."""
    if len(prompts) == 1:
        return prompts[0]
    return "\n\n".join(f"# client {client}\n\n{prompt}" for client, prompt in enumerate(prompts))


@dataclass
class Round:
    """One round.

    Attributes:
        number: 1, 2, ...; 0 is the state before training, with the initial prompt.
        broadcast: the prompts sent to clients: the global prompt or, with aggregator "none", one per client.
        sampled: numbers of the participating clients.
        updates: the uploads, in the order of clients.
        dropped: reason for a missing upload, by client.
        aggregated: the uploaded prompts that were merged.
        merge: the aggregation; None if nothing was merged.
        retention: share of each client's contribution that the merge kept, by client.
        repaired: True if a repair call added lost instructions back.
        quorum_missed: True if there were too few uploads.
        kept_old_reason: why the old global prompt was kept, or "".
        prompts: the prompts after the round: the global prompt or, with aggregator "none", one per client.
        validation: their scores on the validation questions of all tasks.
    """

    number: int
    broadcast: tuple[str, ...] = ()
    sampled: list[int] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    dropped: dict[int, NoUpload] = field(default_factory=dict)
    aggregated: list[str] = field(default_factory=list)
    merge: Merge | None = None
    retention: dict[int, Retention] = field(default_factory=dict)
    repaired: bool = False
    quorum_missed: bool = False
    kept_old_reason: str = ""
    prompts: tuple[str, ...] = ()
    validation: Scores = field(default_factory=dict)

    @property
    def steps(self) -> list[Step]:
        """The local steps of all clients, in the order of clients."""
        return [step for update in self.updates for step in update.steps]

    @property
    def client_scores(self) -> tuple[ClientScores, ...]:
        """The answers of clients to candidate merges; empty if the server scored them."""
        return self.merge.client_scores if self.merge else ()


@dataclass
class Result:
    """A finished run.

    Attributes:
        rounds: rounds[0] holds the initial prompt with its validation scores, rounds[t] is round t.
        best: the round with the highest validation accuracy; see `best_round`.
        tests: scores on the test questions of all tasks, by name: "initial", "last", "best"; optionally
            "evaluation_engine", and "initial on NAME" and "best on NAME" for each engine of --transfer_engine. After
            a backdoor, "initial, triggered" and "best, triggered" hold the shares answered with its target. With
            --personal_layer, "personal" and "personal, validation" hold the scores of all clients' last prompts, the
            latter on validation questions.
        stopped: why the run ended early, or "".
    """

    rounds: list[Round]
    best: int
    tests: dict[str, Scores]
    stopped: str = ""


def best_round(rounds: list[Round]) -> int:
    """Return the number of the round whose prompts have the highest validation accuracy; see `lead`.

    Of several it is the last one, which has learned most, unless the initial prompt is one of them. A prompt that stays
    for several rounds counts for the first of them. Test scores are not considered.
    """
    scored = [each for each in rounds if each.validation]
    if not scored:
        return 0
    best = scored[0]
    for each in scored[1:]:
        gain = lead(each.validation, best.validation)
        if gain > 0 or (gain == 0 and best.number):
            best = each
    return next(each.number for each in scored if each.prompts == best.prompts)
