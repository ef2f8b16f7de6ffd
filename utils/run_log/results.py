"""From a finished `Result` to results.json: every number with its n and interval."""

import hashlib
import time
from collections import defaultdict
from typing import Any

from textgrad.tokens import estimate_tokens
from utils.engines.prices import prices
from utils.federation.evaluation import mean_estimate, prompt_id
from utils.federation.result import Result, Round, Scores, overall
from utils.federation.setup import Federation
from utils.metrics.retention import retention_record
from utils.metrics.statistics import Estimate, accuracy, compare, minimum_detectable_difference
from utils.metrics.table import FinishedRun, metrics_of
from utils.run_log.measures import complexity_by_round, lost_instructions


def summarize(federation: Federation, result: Result, seconds: float = 0.0) -> dict[str, Any]:
    """Return the content of results.json, which seed and replies decide except for keys named "seconds" and "date".

    Args:
        federation: clients, tasks and engines of the run.
        result: its rounds and test scores.
        seconds: wall time of this process's part of the run.
    """
    best = result.rounds[result.best]
    metrics, by_task = _metrics(federation, result)
    summary = {
        "status": "incomplete" if result.stopped else "complete",
        "stopped": result.stopped,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 3),
        "simulated": federation.engines.simulated,
        "data": {task.name: _data(federation, task) for task in federation.tasks},
        "metrics": metrics,
        "metrics_by_task": by_task,
        "comparisons": _comparisons(federation, result),
        "detectable": detectable(federation, _share(result.tests.get("initial"))),
        "best_round": result.best,
        "prompts": {
            "initial": result.rounds[0].prompts[0],
            "best": best.prompts[0],
            "last": result.rounds[-1].prompts[0],
        },
        "rounds": [_round(each) for each in result.rounds],
        "lost_instructions": lost_instructions(result.rounds),
        "complexity": complexity_by_round(result.rounds, federation.surprisal),
        "clients": _clients(federation, result),
        "usage": usage_of(federation.engines.gateway, prices(federation.config)),
    }
    if federation.config.speculate:
        summary["answers_thrown_away"] = sum(
            update.discarded_answers for each in result.rounds for update in each.updates
        )
    if fairness := _fairness(summary["clients"]):
        summary["fairness"] = fairness
    return summary


def _metrics(federation: Federation, result: Result) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Compute every metric of the table.

    Returns:
        Estimates by key, where runs of several tasks also have `<task>_<key>`; and estimates by task and key.
    """
    run, flat, of_tasks = FinishedRun(federation, result), {}, {}
    by_task: dict[str, dict[str, Any]] = {task.name: {} for task in federation.tasks}
    for metric in metrics_of(federation.config.transfer_engine):
        value = metric.value(run)
        if value is None:
            continue
        if isinstance(value, Estimate):
            flat[metric.key] = value.as_json()
            continue
        flat[metric.key] = overall(value).as_json()
        for task, scores in value.items():
            by_task[task][metric.key] = of_tasks[f"{task}_{metric.key}"] = mean_estimate(scores).as_json()
    return flat | (of_tasks if len(federation.tasks) > 1 else {}), by_task


def _round(done: Round) -> dict[str, Any]:
    return {
        "round": done.number,
        "prompts": [prompt_id(prompt) for prompt in done.prompts],
        "prompt_tokens": [estimate_tokens(prompt) for prompt in done.prompts],
        "validation": {
            **{task: mean_estimate(scores).as_json() for task, scores in done.validation.items()},
            **({"mean": overall(done.validation).as_json()} if done.validation else {}),
        },
        "sampled": done.sampled,
        "dropped": {str(client): str(missing) for client, missing in sorted(done.dropped.items())},
        "uploads": {
            str(update.client): {
                "prompt": prompt_id(update.prompt),
                "tokens": estimate_tokens(update.prompt),
                "accepted_steps": update.accepted,
                "steps": len(update.steps),
            }
            for update in done.updates
        },
        "merge": merge_record(done),
        **measures_record(done),
        "kept_old": done.kept_old_reason,
        "bad_replies": sum(step.after is None for update in done.updates for step in update.steps),
    }


def merge_record(done: Round) -> dict[str, Any] | None:
    """What aggregation cost and gave, or None where there was none."""
    if done.merge is None:
        return None
    merge = done.merge
    return {
        "calls": merge.calls,
        "distinct_uploads": merge.distinct,
        "tokens_before": merge.tokens_before,
        "tokens_after": merge.tokens_after,
        "fallbacks": list(merge.fallbacks),
    }


def measures_record(done: Round) -> dict[str, Any]:
    """What a round's merge kept, and what its uploads would have revealed: counts alone, as logs get published."""
    return {
        "retention": retention_record(done.retention) if done.retention else None,
        "repaired": done.repaired,
        "leaks": {str(update.client): {"guard": update.guard, **update.leak.as_json()} for update in done.updates},
    }


def _data(federation: Federation, task) -> dict[str, Any]:
    """Return the sizes of a task's splits and ids of its questions.

    Runs with equal "test_id" can be compared question by question. "question_ids" has the order of the "correct"
    strings in metrics.jsonl.
    """
    questions = {
        split: [(sample.question, sample.answer) for sample in federation.questions[task.name, split]]
        for split in ("val", "test")
    }
    return {
        "train": len(task.train),
        "val": len(task.val),
        "test": len(questions["test"]),
        "test_id": _digest(repr(questions["test"])),
        "question_ids": {split: [_digest(repr(pair)) for pair in pairs] for split, pairs in questions.items()},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def detectable(federation: Federation, base: float | None = None) -> dict[str, Any]:
    """The smallest true gain that the test questions would show with 80 % power; see `utils.metrics.statistics`.

    Args:
        federation: whose test questions they are.
        base: accuracy of the initial prompt; 0.5 where it is not known yet.
    """
    n = sum(len(federation.questions[task.name, "test"]) for task in federation.tasks)
    base = 0.5 if base is None else base
    return {"n": n, "base": round(base, 4), "difference": minimum_detectable_difference(n, base) if n else None}


def _share(scores: Scores | None) -> float | None:
    return overall(scores).value if scores else None


def _comparisons(federation: Federation, result: Result) -> list[dict[str, Any]]:
    """The best prompt against the initial one on the same test questions; of local-only training each client's own."""
    found = []
    for engine in ("", *federation.config.transfer_engine):
        on = f" on {engine}" if engine else ""
        before, after = result.tests.get(f"initial{on}"), result.tests.get(f"best{on}")
        if not before or not after:
            continue
        for client in range(len(next(iter(after.values())))):
            own = {"client": client} if len(next(iter(after.values()))) > 1 else {}
            for names in _groups(list(after)):
                sides = [
                    {
                        (name, index): right
                        for name in names
                        for index, right in enumerate(scores[name][client if scores is after else 0].correct)
                    }
                    for scores in (before, after)
                ]
                if sides[0]:
                    found.append(
                        {
                            "of": f"best prompt against initial prompt{on}",
                            **own,
                            "task": names[0] if len(names) == 1 else "all tasks",
                            **compare(*sides).as_json(),
                        }
                    )
    return found


def _groups(names: list[str]) -> list[list[str]]:
    """All tasks together first, then each alone."""
    return [names, *([name] for name in names)] if len(names) > 1 else [names]


def _clients(federation: Federation, result: Result) -> dict[str, Any]:
    """For each client its accuracy on its minibatches before and after its steps, its acceptance, and how the best
    prompt does on its own validation questions."""
    table, made = {}, defaultdict(list)
    for update in (update for each in result.rounds for update in each.updates):
        made[update.client] += update.steps
    for client in federation.clients:
        steps = made[client.number]
        asked = sum(client.number in each.sampled for each in result.rounds)
        table[str(client.number)] = {
            "tasks": sorted({sample.task.name for sample in client.samples}),
            "train_questions": len(client.samples),
            "rounds_asked": asked,
            "rounds_dropped": sum(client.number in each.dropped for each in result.rounds),
            "batch_accuracy_before": _pooled((step.before, step.n) for step in steps),
            "batch_accuracy_after": _pooled((step.after if step.accepted else step.before, step.n) for step in steps),
            "acceptance": accuracy([int(step.accepted) for step in steps if not step.solved]).as_json(),
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


def usage_of(gateway, known: dict | None = None) -> dict[str, Any]:
    """Calls, tokens and seconds by role; `requests` counts also those that an earlier reply answered.

    Args:
        gateway: of the run.
        known: prices by role; with one there are "dollars" too.
    """
    known = known or {}
    return {
        role: {
            "requests": used.requests,
            "calls": used.calls,
            "prompt_tokens": used.prompt_tokens,
            "completion_tokens": used.completion_tokens,
            "seconds": round(used.seconds, 3),
            "bad_replies": dict(sorted(used.flaws.items())),
            "dollars": round(known[role].of(used.prompt_tokens, used.completion_tokens), 6) if role in known else None,
        }
        for role, used in sorted(gateway.usage.items())
    }
