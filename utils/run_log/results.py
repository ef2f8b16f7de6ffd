"""The content of results.json: every number with its n and interval."""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from textgrad.engine.calls.budget import Price
from textgrad.engine.calls.gateway import Gateway, Usage
from textgrad.tokens import estimate_tokens
from utils.engines.prices import prices
from utils.federation.evaluation import mean_estimate, prompt_id
from utils.federation.personal import PERSONAL
from utils.federation.result import Result, Round, Scores, overall, prompts_text
from utils.federation.setup import Federation
from utils.metrics.finished_run import FinishedRun
from utils.metrics.retention import retention_record
from utils.metrics.statistics import Estimate, minimum_detectable_difference
from utils.metrics.table import metrics_of
from utils.protocols import describe
from utils.run_log.attack_record import attack_record
from utils.run_log.canary_record import canary_record
from utils.run_log.client_results import client_results, fairness_of
from utils.run_log.client_scores_record import client_scores_record, votes_record
from utils.run_log.communication import communication_of
from utils.run_log.comparisons import comparisons_record
from utils.run_log.measures import complexity_by_round, lost_instructions
from utils.run_log.resume_command import raised_cap


def summarize(federation: Federation, result: Result, seconds: float = 0.0) -> dict[str, Any]:
    """Return the content of results.json, which seed and replies decide except for keys named "seconds" and "date".

    Args:
        federation: clients, tasks and engines of the run.
        result: its rounds and test scores.
        seconds: wall time of this process's part of the run.
    """
    best = result.rounds[result.best]
    metrics, by_task = _metrics(federation, result)
    price_of = prices(federation.config)
    clients = client_results(federation, result)
    summary: dict[str, Any] = {
        "status": "incomplete" if result.stopped else "complete",
        "stopped": result.stopped,
        **({"continue_with": raised_cap(federation.engines.gateway.budget)} if result.stopped else {}),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 3),
        "protocol": describe(federation.config),
        "simulated": federation.engines.simulated,
        "data": {task.name: _data(federation, task) for task in federation.tasks},
        "metrics": metrics,
        "metrics_by_task": by_task,
        **comparisons_record(result.tests, federation.config.transfer_engine),
        "detectable": detectable(federation, _share(result.tests.get("initial"))),
        "best_round": result.best,
        "prompts": {
            "initial": result.rounds[0].prompts[0],
            "best": prompts_text(best.prompts),
            "last": prompts_text(result.rounds[-1].prompts),
            **({PERSONAL: _personal_prompts(federation, result)} if PERSONAL in result.tests else {}),
        },
        "rounds": [_round(each) for each in result.rounds],
        **communication_of(federation, result.rounds),
        "lost_instructions": lost_instructions(result.rounds),
        "complexity": complexity_by_round(result.rounds, federation.surprisal),
        "clients": clients,
        **attack_record(federation.adversary, result.rounds),
        **canary_record(federation.canaries, result.rounds),
        **votes_record(federation.config.vote_epsilon, result.rounds),
        "usage": usage_of(federation.engines.gateway, price_of),
        "unreadable_verdicts": {task.name: task.unreadable_verdicts for task in federation.tasks},
        "prices": {role: price.as_json() for role, price in price_of.items()},
    }
    if fairness := fairness_of(clients):
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


def _personal_prompts(federation: Federation, result: Result) -> str:
    return prompts_text(federation.personal_prompts(result.rounds[-1].prompts[0]))


def _round(finished: Round) -> dict[str, Any]:
    steps = finished.steps
    return {
        "round": finished.number,
        "prompts": [prompt_id(prompt) for prompt in finished.prompts],
        "prompt_tokens": [estimate_tokens(prompt) for prompt in finished.prompts],
        "validation": {
            **{task: mean_estimate(scores).as_json() for task, scores in finished.validation.items()},
            **({"mean": overall(finished.validation).as_json()} if finished.validation else {}),
        },
        "sampled": finished.sampled,
        "dropped": {str(client): str(missing) for client, missing in sorted(finished.dropped.items())},
        "uploads": {
            str(update.client): {
                "prompt": prompt_id(update.prompt),
                "tokens": estimate_tokens(update.prompt),
                "accepted_steps": update.accepted,
                "steps": len(update.steps),
            }
            for update in finished.updates
        },
        "merge": merge_record(finished),
        **measures_record(finished),
        "kept_old": finished.kept_old_reason,
        "steps": dict(sorted(Counter(str(step.result) for step in steps).items())),
        "bad_replies": sum(step.after is None for step in steps),
        "bad_reply_kinds": dict(sorted(Counter(step.kind for step in steps if step.kind).items())),
    }


def merge_record(finished: Round) -> dict[str, Any] | None:
    """Return the calls, sizes, fallbacks, flaws, contradictions and omissions of a round's merge, if it had one."""
    if finished.merge is None:
        return None
    merge = finished.merge
    return {
        "calls": merge.calls,
        "distinct_uploads": merge.distinct,
        "tokens_before": merge.tokens_before,
        "tokens_after": merge.tokens_after,
        "fallbacks": list(merge.fallbacks),
        "flaws": list(merge.flaws),
        "contradictions": [each.as_json() for each in merge.contradictions],
        "left_out": {str(client): reason for client, reason in sorted(merge.left_out.items())},
        **client_scores_record(merge.client_scores),
    }


def measures_record(finished: Round) -> dict[str, Any]:
    """Return what a round's merge kept and what its uploads revealed, as counts only, since logs get published."""
    sizes = {update.client: update.train_questions for update in finished.updates}
    return {
        "retention": retention_record(finished.retention, sizes) if finished.retention else None,
        "repaired": finished.repaired,
        "leaks": {str(update.client): {"guard": update.guard, **update.leak.as_json()} for update in finished.updates},
    }


def _data(federation: Federation, task) -> dict[str, Any]:
    """Return the sizes of a task's splits and ids of its questions.

    Runs with equal "test_id" can be compared question by question. "question_ids" has the order of "correct" in
    metrics.jsonl.
    """
    questions = {
        split: [(sample.question, sample.answer) for sample in federation.questions[task.name, split]]
        for split in ("val", "test")
    }
    return {
        "scorer": task.scorer_name,
        "train": len(task.train),
        "val": len(task.val),
        "test": len(questions["test"]),
        "test_id": _digest(repr(questions["test"])),
        "question_ids": {split: [_digest(repr(pair)) for pair in pairs] for split, pairs in questions.items()},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def detectable(federation: Federation, base: float | None = None) -> dict[str, Any]:
    """Return the minimum detectable gain of the test questions, at 80 % power; see `utils.metrics.power`.

    Args:
        federation: has the test questions.
        base: accuracy of the initial prompt; 0.5 if it is not known yet.
    """
    n = sum(len(federation.questions[task.name, "test"]) for task in federation.tasks)
    base = 0.5 if base is None else base
    return {"n": n, "base": round(base, 4), "difference": minimum_detectable_difference(n, base) if n else None}


def _share(scores: Scores | None) -> float | None:
    return overall(scores).value if scores else None


def usage_of(gateway: Gateway, price_of: Mapping[str, Price]) -> dict[str, Any]:
    """Return calls, tokens and seconds by role; `requests` includes those answered by an earlier reply.

    Args:
        gateway: of the run.
        price_of: prices by role; "dollars" is None for the others.
    """
    return {
        role: {
            "requests": used.requests,
            "calls": used.calls,
            "prompt_tokens": used.prompt_tokens,
            "completion_tokens": used.completion_tokens,
            "seconds": round(used.seconds, 3),
            "bad_replies": dict(sorted(used.flaws.items())),
            "dollars": _dollars(used, price_of.get(role)),
        }
        for role, used in sorted(gateway.usage.items())
    }


def _dollars(used: Usage, price: Price | None) -> float | None:
    return round(price.of(used.prompt_tokens, used.completion_tokens), 6) if price else None
