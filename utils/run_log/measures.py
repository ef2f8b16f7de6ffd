"""The measures of a run's prompts as records of results.json."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from utils.federation.result import Round
from utils.metrics.complexity import complexity
from utils.metrics.retention import lost_rows


def lost_instructions(rounds: Iterable[Round]) -> list[dict[str, Any]]:
    """Return the instructions that merges lost, one row each, by round and client."""
    return [
        row
        for each in rounds
        for client, retention in each.retention.items()
        for row in lost_rows(each.number, client, retention)
    ]


def complexity_by_round(
    rounds: Sequence[Round], surprisal: Callable[[str], list[float]] | None
) -> list[dict[str, Any]]:
    """Return for each round the complexity of its uploads, of their concatenation and of the resulting prompts.

    TF-IDF is computed over all distinct prompts of the run.

    Args:
        rounds: of a `Result`, the start included.
        surprisal: returns bits per token; None leaves surprisal out.
    """
    prompts = [text for each in rounds for text in (*each.prompts, *(update.prompt for update in each.updates))]
    collection = list(dict.fromkeys(prompts))

    @functools.cache
    def measure(text: str) -> dict[str, Any]:
        measured = complexity(text, collection, surprisal).as_json()
        return {name: value for name, value in measured.items() if value is not None}

    records = []
    for each in rounds:
        record: dict[str, Any] = {
            "round": each.number,
            "uploads": {str(update.client): measure(update.prompt) for update in each.updates},
        }
        if concatenation := "\n\n".join(update.prompt for update in each.updates):
            record["concatenation"] = measure(concatenation)
        records.append(record | {"prompts": [measure(prompt) for prompt in dict.fromkeys(each.prompts)]})
    return records
