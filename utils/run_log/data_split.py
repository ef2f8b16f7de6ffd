"""What each client holds: the partition as counts and as a table."""

from collections import Counter
from typing import Any

from utils.federation.setup import Federation


def holdings(federation: Federation) -> dict[str, Any]:
    """For each client how many training questions it has, by task and by class of answer, and of validation ones.

    Returns:
        {"by": "task" or "answer class", "clients": {number: {"train": n, "validation": n, "counts": {label: n}}}}
    """
    by_task = len(federation.tasks) > 1
    clients = {}
    for client, shard in zip(federation.clients, federation.shards, strict=True):
        labels = [
            sample.task.name if by_task else sample.task.answer_class((sample.question, sample.answer))
            for sample in client.samples
        ]
        clients[str(client.number)] = {
            "train": len(labels),
            "validation": sum(map(len, shard.values())),
            "counts": dict(sorted(Counter(labels).items())),
        }
    return {"by": "task" if by_task else "answer class", "clients": clients}


def table(held: dict[str, Any], most: int = 20) -> str:
    """Lines of text, a client a line; `most` lines at the most."""
    lines = [f"{'client':>6}  {'train':>5}  {'val':>5}  by {held['by']}"]
    for number, row in list(held["clients"].items())[:most]:
        counts = ", ".join(f"{label}: {count}" for label, count in row["counts"].items())
        lines.append(f"{number:>6}  {row['train']:>5}  {row['validation']:>5}  {counts}")
    if len(held["clients"]) > most:
        lines.append(f"   ... and {len(held['clients']) - most} more, see partition.json")
    return "\n".join(lines)
