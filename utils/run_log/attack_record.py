"""The attack of a run as results.json has it."""

from typing import Any

from utils.federation.adversary import Adversary
from utils.federation.result import Round
from utils.metrics.attack import kept_out, malicious_instructions, share_contained


def attack_record(adversary: Adversary | None, rounds: list[Round]) -> dict[str, Any]:
    """Return {"attack": ...} with the malicious clients and what they reached per round; {} without an attack."""
    if adversary is None:
        return {}
    facts = {"goal": adversary.goal, "trigger": adversary.trigger, "targets": adversary.trigger and adversary.targets}
    return {
        "attack": {
            "name": adversary.attack,
            "malicious_clients": list(adversary.clients),
            **{name: value for name, value in facts.items() if value},
            "rounds": [_round(adversary, rounds[: number + 1]) for number in range(1, len(rounds))],
        }
    }


def _round(adversary: Adversary, rounds: list[Round]) -> dict[str, Any]:
    """Return the malicious uploads of the last round, the uploads that it kept out, and what its prompt contains."""
    finished = rounds[-1]
    uploaded = malicious_instructions([each.retention for each in rounds], adversary.clients)
    sent = [update.client for update in finished.updates if update.client in adversary.clients]
    return {
        "round": finished.number,
        "malicious_uploads": sent,
        "kept_out": kept_out(finished.retention, bool(finished.kept_old_reason)),
        "malicious_instructions_contained": share_contained(finished.prompts[0], uploaded).as_json(),
        **({"goal_reached": adversary.reached(finished.prompts[0])} if adversary.goal else {}),
    }
