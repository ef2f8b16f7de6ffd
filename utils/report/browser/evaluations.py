"""Compare an evaluation with the one before it, question by question."""

from collections.abc import Sequence
from typing import Any


def earlier_of(event: dict[str, Any], events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the evaluation to compare with: of the round before, or of the initial prompt; None for the first.

    Args:
        event: of metrics.jsonl.
        events: all evaluations of the run.
    """
    name, _, number = event["of"].rpartition(" ")
    of = f"round {int(number) - 1}" if name == "round" else "initial"
    for each in events:
        same = all(each.get(field) == event.get(field) for field in ("split", "task", "client"))
        if each is not event and each["of"] == of and same and len(each["correct"]) == len(event["correct"]):
            return each
    return None


def flips_of(event: dict[str, Any], events: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """Return the numbers of the questions whose score rose and fell against the earlier evaluation."""
    earlier = earlier_of(event, events)
    scores = enumerate(zip(earlier["correct"], event["correct"], strict=True)) if earlier else []
    pairs = [(number, pair) for number, pair in scores if None not in pair]  # a race left the others out
    return {
        "rose": [number for number, (old, new) in pairs if new > old],
        "fell": [number for number, (old, new) in pairs if new < old],
    }
