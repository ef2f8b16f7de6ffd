"""What each client holds: the partition as a table and a picture."""

import functools
from collections import Counter
from pathlib import Path
from typing import Any

from utils.federation.setup import Federation
from utils.report.png import write_png


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


def write_picture(path: Path, held: dict[str, Any]) -> None:
    """A PNG: a column a client, its parts the classes."""
    write_png(path, held, functools.partial(_draw, held), (7, 3.6), 110)


def _draw(held: dict[str, Any], figure) -> None:
    clients = held["clients"]
    labels = sorted({label for row in clients.values() for label in row["counts"]})
    axes = figure.add_axes((0.09, 0.15, 0.88, 0.76))
    edges = [client + side for client in range(len(clients)) for side in (-0.4, 0.4)]
    bottoms = [0] * len(clients)
    for label in labels:  # one shape for all clients: a rectangle a client takes seconds where there are many
        tops = [bottom + row["counts"].get(label, 0) for bottom, row in zip(bottoms, clients.values(), strict=True)]
        axes.stairs(_apart(tops), edges, baseline=_apart(bottoms), fill=True, label=label)
        bottoms = tops
    axes.set(
        xlabel="client",
        xticks=range(0, len(clients), -(-len(clients) // 12)),
        ylabel="training questions",
        title=f"what each client holds, by {held['by']}",
        ylim=(0, max(bottoms, default=0) * 1.25 or 1),
    )
    if len(labels) <= 12:
        axes.legend(fontsize="x-small", loc="upper center", ncols=6, frameon=False)


def _apart(heights: list[int]) -> list[int]:
    """Heights of columns with a gap between each two."""
    return [height for column in heights for height in (column, 0)][:-1]
