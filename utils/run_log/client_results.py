"""The results of each client, and the spread between clients."""

from collections import defaultdict
from typing import Any

from utils.federation.result import Result
from utils.federation.setup import Federation
from utils.federation.update import Step
from utils.metrics.statistics import accuracy, share_of, total_of


def client_results(federation: Federation, result: Result) -> dict[str, Any]:
    """Return, per client, accuracy on its minibatches, acceptance, and the best prompt's accuracy on its validation."""
    table: dict[str, Any] = {}
    steps_of: dict[int, list[Step]] = defaultdict(list)
    for update in (update for each in result.rounds for update in each.updates):
        steps_of[update.client] += update.steps
    for client in federation.clients:
        steps = steps_of[client.number]
        table[str(client.number)] = {
            "tasks": sorted({sample.task.name for sample in client.samples}),
            "train_questions": len(client.samples),
            "rounds_asked": sum(client.number in each.sampled for each in result.rounds),
            "rounds_dropped": sum(client.number in each.dropped for each in result.rounds),
            "batch_accuracy_before": _pooled((step.before, step.n) for step in steps),
            "batch_accuracy_after": _pooled((step.after if step.accepted else step.before, step.n) for step in steps),
            "acceptance": accuracy([int(step.accepted) for step in steps if step.decided]).as_json(),
            "best_prompt_on_own_validation": _own_validation(federation, result, client.number),
        }
    return table


def _pooled(shares) -> dict[str, Any]:
    """Return the accuracy over all minibatches, from the accuracy and size of each."""
    total, n = total_of(shares)
    return share_of(total / max(1, n), n).as_json()


def _own_validation(federation: Federation, result: Result, client: int) -> dict[str, Any]:
    validation = result.rounds[result.best].validation
    correct = []
    for task, positions in federation.shards[client].items() if validation else ():
        scores = validation[task]
        own = scores[client if len(scores) > 1 else 0].correct
        correct += [own[position] for position in positions]
    return accuracy(correct).as_json()


def fairness_of(clients: dict[str, Any]) -> dict[str, Any] | None:
    """Return the worst client and the spread between clients: the best prompt on each client's validation questions."""
    values = {client: row["best_prompt_on_own_validation"] for client, row in clients.items()}
    values = {client: value for client, value in values.items() if value["n"]}
    if len(values) < 2:
        return None
    worst = min(values, key=lambda client: (values[client]["value"], int(client)))
    spread = max(value["value"] for value in values.values()) - values[worst]["value"]
    return {"worst_client": int(worst), "worst": values[worst], "spread": round(spread, 6), "n_clients": len(values)}
