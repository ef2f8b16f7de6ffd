"""The exposure of canaries as results.json has it."""

from collections.abc import Sequence
from typing import Any

from utils.federation.result import Round
from utils.privacy.canaries import Canary, exposure


def canary_record(canaries: Sequence[Canary], rounds: Sequence[Round]) -> dict[str, Any]:
    """Return {"canaries": ...} with the share of canaries in each kind of prompt, over all rounds; {} without any."""
    if not canaries:
        return {}
    updates = [update for finished in rounds for update in finished.updates]
    prompts: dict[str, list[tuple[int | None, str]]] = {
        "trained_prompts": [(update.client, update.steps[-1].prompt) for update in updates if update.steps],
        "uploads": [(update.client, update.prompt) for update in updates],
        "global_prompts": [(None, prompt) for finished in rounds for prompt in finished.prompts],
    }
    return {"canaries": {kind: exposure(canaries, texts).as_json() for kind, texts in prompts.items()}}
