"""The lines of metrics.jsonl and of the terminal, from what happened in a run. Pure functions."""

from collections import Counter
from typing import Any

from utils.federation.evaluation import Score, prompt_id
from utils.federation.result import Round
from utils.federation.scoring import Evaluation
from utils.federation.update import Step
from utils.metrics.retention import mean_rate
from utils.metrics.statistics import Estimate, share_of
from utils.run_log.results import measures_record, merge_record


def evaluation_record(evaluation: Evaluation, task: str, score: Score, client: int | None) -> dict[str, Any]:
    """Return the line of one prompt's scores on one task; `client` is set if clients have prompts of their own."""
    estimate = score.estimate.as_json()
    return {
        "event": "evaluation",
        "of": evaluation.label,
        "split": evaluation.split,
        "task": task,
        **({} if client is None else {"client": client}),
        "prompt": score.prompt,
        "accuracy": estimate["value"],
        "n": estimate["n"],
        "ci95": estimate["ci95"],
        **({"raced_of": estimate["raced_of"]} if "raced_of" in estimate else {}),
        "correct": list(score.correct),
    }


def step_record(round_number: int, client: int, step: Step) -> dict[str, Any]:
    """Return the line of a local step."""
    return {
        "event": "step",
        "round": round_number,
        "client": client,
        "step": step.number,
        "before": step.before,
        "after": step.after,
        "n": step.n,
        "accepted": step.accepted,
        "result": str(step.result),
        "reason": step.reason,
        "kind": step.kind or None,
        "prompt": prompt_id(step.prompt) if step.prompt else None,
        "rewrite": prompt_id(step.rewrite) if step.rewrite else None,
    }


def round_record(finished: Round) -> dict[str, Any]:
    """Return the line of a round."""
    return {
        "event": "round",
        "round": finished.number,
        "sampled": finished.sampled,
        "dropped": {str(client): str(missing) for client, missing in sorted(finished.dropped.items())},
        "uploads": {str(update.client): prompt_id(update.prompt) for update in finished.updates},
        "merge": merge_record(finished),
        **measures_record(finished),
        "kept_old": finished.kept_old_reason,
        "prompts": [prompt_id(prompt) for prompt in finished.prompts],
    }


def step_text(round_number: int, client: int, step: Step) -> str:
    """Return the terminal's line of a local step."""
    after = "no rewrite" if step.after is None else share_of(step.after, step.n)
    return (
        f"round {round_number}  client {client}  step {step.number}  accuracy {share_of(step.before, step.n)} -> "
        f"{after}  {step.result}{step.reason and f': {step.reason}'}"
    )


def round_text(finished: Round, rounds: int, before: Estimate, after: Estimate, usage: str) -> str:
    """Return the terminal's line of a round.

    Args:
        finished: the round.
        rounds: number of rounds of the run.
        before, after: validation accuracy before and after the round.
        usage: calls and cost so far.
    """
    steps = [step for update in finished.updates for step in update.steps]
    parts = [
        f"validation {after}" + _change(before, after),
        f"{sum(step.accepted for step in steps)} of {len(steps)} steps accepted",
        f"{len(finished.updates)} of {len(finished.sampled)} uploads",
    ]
    if (rate := mean_rate(finished.retention)) is not None:
        parts.append(f"{rate:.0%} retained" + (" (repaired)" if finished.repaired else ""))
    return f"round {finished.number}/{rounds}: {'; '.join([*parts, usage, *round_problems(finished)])}"


def _change(before: Estimate, after: Estimate) -> str:
    """Return the change in parentheses; "" if it is unknown, or if races answered different questions."""
    if before.value is None or after.value is None or before.raced_of or after.raced_of:
        return ""
    return f" ({after.value - before.value:+.2f})"


def round_problems(finished: Round) -> list[str]:
    """Return what did not go as planned in a round, in a few words each."""
    parts = [f"client {client} {missing}" for client, missing in sorted(finished.dropped.items())]
    parts += [f"client {update.client}: leak {update.guard}" for update in finished.updates if update.guard != "none"]
    if finished.merge:
        parts += [f"rejected a merge that {flaw}" for flaw in finished.merge.flaws]
        for fallback, count in Counter(finished.merge.fallbacks).items():
            parts.append(f"merge fallback {fallback}" + (f", {count} times" if count > 1 else ""))
        parts += [f"client {client} left out: {reason}" for client, reason in sorted(finished.merge.left_out.items())]
        missing = {client: reason for each in finished.client_scores for client, reason in each.missing.items()}
        parts += [f"client {client} scored no candidates: {reason}" for client, reason in sorted(missing.items())]
    return parts + ([f"kept the old prompt: {finished.kept_old_reason}"] if finished.kept_old_reason else [])
