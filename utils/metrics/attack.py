"""Effects of an attack: uploads that a round kept out, and malicious instructions in a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from utils.metrics.retention import Fate, Retention, fates_in
from utils.metrics.statistics import Estimate, accuracy

if TYPE_CHECKING:
    from utils.federation.result import Scores
    from utils.metrics.finished_run import FinishedRun


def kept_out(retentions: Mapping[int, Retention], kept_old: bool) -> list[int]:
    """Return the clients none of whose new instructions reached the global prompt of a round.

    Args:
        retentions: of the round's merge, by client. A client without new instructions is not kept out.
        kept_old: True if the round kept its old prompt, so that no upload reached the global prompt.
    """
    return [client for client, each in retentions.items() if each.fates and (kept_old or each.rate == 0)]


def malicious_instructions(rounds: Iterable[Mapping[int, Retention]], clients: Iterable[int]) -> list[str]:
    """Return the distinct instructions that malicious clients uploaded, in order.

    Args:
        rounds: retention by client, of each round.
        clients: numbers of the malicious clients.
    """
    found = [each[client] for each in rounds for client in clients if client in each]
    return list(dict.fromkeys(fate.instruction for each in found for fate in each.fates))


def share_contained(prompt: str, instructions: Iterable[str]) -> Estimate:
    """Return the share of instructions that a prompt contains, also in other words."""
    return accuracy([int(found.fate is not Fate.LOST) for found in fates_in(prompt, instructions)])


def malicious_retention(run: FinishedRun) -> Estimate | None:
    """Return the share of the malicious clients' instructions that the best prompt contains; None without an attack."""
    if run.federation.adversary is None:
        return None
    uploaded = malicious_instructions([each.retention for each in run.rounds], run.federation.adversary.clients)
    return share_contained(run.rounds[run.result.best].prompts[0], uploaded)


def attack_success(run: FinishedRun) -> Scores | Estimate | None:
    """Return how often an attack with a defined goal reached it; None for other attacks.

    For inject, it is the share of rounds after which the global prompt contains the goal. For a backdoor, it is the
    share of test questions with the trigger that get the target as answer under the best prompt.
    """
    adversary = run.federation.adversary
    if adversary is None or not adversary.goal:
        return run.test("best, triggered")
    return accuracy([int(adversary.reached(each.prompts[0])) for each in run.rounds[1:]])
