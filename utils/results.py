"""From a finished `Result` to results.json: every number with its n and interval."""

from typing import Any

from .evaluation import mean_estimate, prompt_id
from .federation import Federation
from .rounds import Result, Round, Scores, overall
from .statistics import accuracy
from .tokens import estimate_tokens


def summarize(federation: Federation, result: Result) -> dict[str, Any]:
    """The content of results.json. Times stand under keys named "seconds" alone; all else is decided by seed and
    replies.

    Args:
        federation: what ran.
        result: what came out.
    """
    best = result.rounds[result.best]
    summary = {
        "status": "incomplete" if result.stopped else "complete",
        "stopped": result.stopped,
        "simulated": federation.engines.simulated,
        "metrics": _metrics(federation, result),
        "best_round": result.best,
        "prompts": {"initial": result.rounds[0].prompts[0], "best": best.prompts[0], "last": result.rounds[-1].prompts[0]},
        "rounds": [_round(each) for each in result.rounds],
        "clients": _clients(federation, result),
        "usage": usage_of(federation.engines.gateway),
    }
    if fairness := _fairness(summary["clients"]):
        summary["fairness"] = fairness
    return summary


def _metrics(federation: Federation, result: Result) -> dict[str, Any]:
    """Under the names of the published code; with several tasks also a line for each, prefixed by the task's name."""
    best = result.rounds[result.best].validation
    named: dict[str, Scores] = {
        "0shot_eval_engine_test_acc": result.tests.get("evaluation_engine", {}),
        "0shot_test_engine_test_acc": result.tests.get("initial", {}),
        "0shot_test_engine_validation_acc": result.rounds[0].validation,
        "best_validation_acc": best,
        "best_agg_val_acc": best,
        "last_test_acc": result.tests.get("last", {}),
        "best_test_acc": result.tests.get("best", {}),
    }
    metrics = {name: overall(scores).as_json() for name, scores in named.items() if scores}
    if len(federation.tasks) > 1:
        metrics |= {f"{task.name}_{name}": mean_estimate(scores[task.name]).as_json()
                    for task in federation.tasks for name, scores in named.items() if scores}
    steps = [step for each in result.rounds for update in each.updates for step in update.steps]
    metrics["update_success_rate"] = accuracy([int(step.accepted) for step in steps]).as_json()
    return metrics


def _round(done: Round) -> dict[str, Any]:
    return {
        "round": done.number,
        "prompts": [prompt_id(prompt) for prompt in done.prompts],
        "prompt_tokens": [estimate_tokens(prompt) for prompt in done.prompts],
        "validation": {**{task: mean_estimate(scores).as_json() for task, scores in done.validation.items()},
                       **({"mean": overall(done.validation).as_json()} if done.validation else {})},
        "sampled": done.sampled,
        "dropped": {str(client): why for client, why in sorted(done.dropped.items())},
        "uploads": {str(update.client): {"prompt": prompt_id(update.prompt), "tokens": estimate_tokens(update.prompt),
                                         "accepted_steps": update.accepted, "steps": len(update.steps)}
                    for update in done.updates},
        "merge": merge_record(done),
        "kept_old": done.kept_old,
        "bad_replies": sum(step.after is None for update in done.updates for step in update.steps),
    }


def merge_record(done: Round) -> dict[str, Any] | None:
    """What aggregation cost and gave, or None where there was none."""
    if done.merge is None:
        return None
    merge = done.merge
    return {"calls": merge.calls, "distinct_uploads": merge.distinct, "tokens_before": merge.tokens_before,
            "tokens_after": merge.tokens_after, "fallbacks": list(merge.fallbacks)}


def _clients(federation: Federation, result: Result) -> dict[str, Any]:
    """For each client its accuracy on its minibatches before and after its steps, its acceptance, and how the best
    prompt does on its own validation questions."""
    table = {}
    for client in federation.clients:
        steps = [step for each in result.rounds for update in each.updates if update.client == client.number
                 for step in update.steps]
        asked = sum(client.number in each.sampled for each in result.rounds)
        table[str(client.number)] = {
            "tasks": sorted({sample.task.name for sample in client.samples}),
            "train_questions": len(client.samples),
            "rounds_asked": asked,
            "rounds_dropped": sum(client.number in each.dropped for each in result.rounds),
            "batch_accuracy_before": _pooled((step.before, step.n) for step in steps),
            "batch_accuracy_after": _pooled((step.after if step.accepted else step.before, step.n) for step in steps),
            "acceptance": accuracy([int(step.accepted) for step in steps]).as_json(),
            "best_prompt_on_own_validation": _own_validation(federation, result, client.number),
        }
    return table


def _pooled(shares) -> dict[str, Any]:
    """Accuracy over all minibatches together, from each one's share of right answers and size."""
    right = total = 0
    for share, n in shares:
        right, total = right + round(share * n), total + n
    return accuracy([1] * right + [0] * (total - right)).as_json()


def _own_validation(federation: Federation, result: Result, client: int) -> dict[str, Any]:
    validation = result.rounds[result.best].validation
    correct = []
    for task, positions in federation.shards[client].items() if validation else ():
        scores = validation[task]
        own = scores[client if len(scores) > 1 else 0].correct
        correct += [own[position] for position in positions]
    return accuracy(correct).as_json()


def _fairness(clients: dict[str, Any]) -> dict[str, Any] | None:
    """The worst-off client and the spread between clients, under the best prompt, each on its own validation data."""
    values = {client: row["best_prompt_on_own_validation"] for client, row in clients.items()}
    known = {client: value for client, value in values.items() if value["n"]}
    if len(known) < 2:
        return None
    worst = min(known, key=lambda client: (known[client]["value"], int(client)))
    spread = max(value["value"] for value in known.values()) - known[worst]["value"]
    return {"worst_client": int(worst), "worst": known[worst], "spread": round(spread, 6), "n_clients": len(known)}


def usage_of(gateway) -> dict[str, Any]:
    """Calls, tokens and seconds by role; `requests` counts also those that an earlier reply answered."""
    return {role: {"requests": used.requests, "calls": used.calls, "prompt_tokens": used.prompt_tokens,
                   "completion_tokens": used.completion_tokens, "seconds": round(used.seconds, 3),
                   "bad_replies": dict(sorted(used.flaws.items()))}
            for role, used in sorted(gateway.usage.items())}
