"""Means over clients, weighted by data size or not, and how far clients lie apart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from utils.metrics.intervals import UNKNOWN_INTERVAL, Estimate, mean_of, share_of

Counts = Mapping[tuple[int, str], int]
"""Training questions by client and task; no entry for a task that a client has no questions of."""
Weights = Mapping[tuple[int, str], float]
"""Weight of each client's accuracy on each task in a mean over clients."""


def on_own_tasks(counts: Counts, weighted: bool) -> Weights:
    """Return the weights of each client's own tasks, in proportion to its training questions.

    Args:
        counts: of all clients.
        weighted: True if a client counts as often as it has training questions, False if all clients count equally.
    """
    return {key: count / (1 if weighted else _size(counts, key[0])) for key, count in counts.items()}


def on_all_tasks(counts: Counts, weighted: bool) -> Weights:
    """Return the weights of all tasks, the same for each task; see `on_own_tasks` for the clients' weights."""
    clients, tasks = dict.fromkeys(client for client, _ in counts), dict.fromkeys(task for _, task in counts)
    return {(client, task): _size(counts, client) if weighted else 1 for client in clients for task in tasks}


def of_client(weights: Weights, client: int) -> Weights:
    """Return the weights of one client."""
    return {key: weight for key, weight in weights.items() if key[0] == client}


def mean_over_clients(estimates: Mapping[str, Sequence[Estimate]], weights: Weights) -> Estimate:
    """Return the weighted mean accuracy over clients and tasks.

    On one task, the n and the interval are those of one prompt, as in `mean_of_prompts`; over tasks, as in `mean_of`.

    Args:
        estimates: by task, the accuracy of the global prompt, or of each client's own prompt.
        weights: see `Weights`.
    """
    means, totals = [], []
    for task, of_task in estimates.items():
        own = {client: weight for (client, name), weight in weights.items() if name == task}
        if total := sum(own.values()):
            means.append(_mean_of_prompts(of_task, own) if len(of_task) > 1 else of_task[0])
            totals.append(total)
    return mean_of(means, totals)


def _mean_of_prompts(estimates: Sequence[Estimate], weights: Mapping[int, float]) -> Estimate:
    total = sum(weights.values())
    return share_of(
        sum(weight * (estimates[client].value or 0) for client, weight in weights.items()) / total, estimates[0].n
    )


def worst_of(values: Iterable[Estimate]) -> Estimate | None:
    """Return the lowest accuracy; None without questions."""
    measured = [(value.value, value) for value in values if value.value is not None]
    return min(measured, key=lambda pair: pair[0])[1] if measured else None


def spread_of(values: Iterable[Estimate]) -> Estimate | None:
    """Return the difference between the best and the worst client, without an interval; None below two clients.

    The extremes are chosen from all clients, so the intervals of their accuracies do not hold for the difference.
    """
    shares = [value.value for value in values if value.value is not None]
    return Estimate(max(shares) - min(shares), len(shares), UNKNOWN_INTERVAL) if len(shares) > 1 else None


def fairness_record(values: Mapping[int, Estimate], sizes: Mapping[int, int]) -> dict[str, Any] | None:
    """Return the worst client, the spread, and the means over clients; None below two clients with questions.

    Args:
        values: accuracy by client.
        sizes: training questions by client.
    """
    shares = {client: value.value for client, value in values.items() if value.value is not None}
    spread = spread_of(values.values())
    if spread is None or spread.value is None:
        return None
    worst = min(shares, key=lambda client: (shares[client], client))
    total = sum(sizes[client] for client in shares)
    weighted = sum(share * sizes[client] for client, share in shares.items()) / total if total else None
    return {
        "worst_client": worst,
        "worst": values[worst].as_json(),
        "spread": round(spread.value, 6),
        "mean": round(sum(shares.values()) / len(shares), 6),
        "weighted_mean": None if weighted is None else round(weighted, 6),
        "n_clients": len(shares),
    }


def _size(counts: Counts, client: int) -> int:
    return sum(count for (number, _), count in counts.items() if number == client)
