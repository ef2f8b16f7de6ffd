"""The questions of each client, as partition.json and as a table."""

from collections import Counter
from typing import Any

from utils.federation.setup import Federation


def partition_record(federation: Federation) -> dict[str, Any]:
    """Return the numbers of training and validation questions per client, training by task or by class of answer.

    Returns:
        {"by": "task" or "answer class", "clients": {number: {"train": n, "validation": n, "counts": {label: n}}}},
        and with --canaries their "canaries"
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
    record: dict[str, Any] = {"by": "task" if by_task else "answer class", "clients": clients}
    if federation.canaries:
        record["canaries"] = [canary.as_json() for canary in federation.canaries]
    return record


def partition_table(record: dict[str, Any], max_clients: int = 20) -> str:
    """Return one line per client, for at most `max_clients` clients."""
    lines = [f"{'client':>6}  {'train':>5}  {'val':>5}  by {record['by']}"]
    for number, row in list(record["clients"].items())[:max_clients]:
        counts = ", ".join(f"{label}: {count}" for label, count in row["counts"].items())
        lines.append(f"{number:>6}  {row['train']:>5}  {row['validation']:>5}  {counts}")
    if len(record["clients"]) > max_clients:
        lines.append(f"   ... and {len(record['clients']) - max_clients} more, see partition.json")
    return "\n".join(lines)
