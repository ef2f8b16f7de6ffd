"""Which charts the pages of one run and of several runs show."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from utils.report.accuracy_charts import (
    BEST_ROUND,
    accuracy_charts,
    first_clients,
    raced_note,
    share_point,
    validation_series,
)
from utils.report.chart import COLOR_COUNT, AnyChart, Bars, Chart, Columns, Series
from utils.report.communication_chart import communication_chart
from utils.report.runs import Run

_MAX_BARS = 24


def run_charts(run: Run) -> list[AnyChart]:
    """Return the charts of one run; some may be empty."""
    rounds = run.results["rounds"]
    uploaded = [record for record in rounds if record["uploads"]]
    acceptance = [_acceptance(record) for record in uploaded]
    complexity = run.results.get("complexity", [])
    return [
        *accuracy_charts(run),
        Chart(
            "acceptance",
            "Accepted steps, 95 % intervals",
            [Series("all clients", acceptance)],
            "round",
            1.0,
            "share of steps",
        ),
        Chart("prompt_tokens", "Length of the prompts", _tokens(rounds), "round", None, "tokens"),
        Chart(
            "retention",
            "Retention of instructions in merges",
            _retention(rounds),
            "round",
            1.0,
            "share of additions kept",
        ),
        Chart(
            "surprisal_variance",
            "Density of the prompts",
            _surprisal(complexity),
            "round",
            None,
            "variance of surprisal (bits²)",
        ),
        *([_partition(run.partition)] if len(run.partition.get("clients", {})) > 1 else []),
        *([communication_chart({"this run": run})] if len(run.results.get("clients", {})) > 1 else []),
        _usage(run.results["usage"]),
    ]


def comparison_charts(runs: Sequence[Run], numbers: Sequence[dict[str, Any]]) -> list[AnyChart]:
    """Return the charts of several runs.

    Args:
        runs: at least two.
        numbers: rows as `export.rows` returns them; for runs with several seeds only their means.
    """
    best_prompts = [
        (
            f"{row['run']}: {row['value']:.3f} [{row['low']:.2f}, {row['high']:.2f}]",
            *(row[key] for key in ("value", "low", "high")),
        )
        for row in numbers
        if row["metric"] == "best_test_acc" and row["value"] is not None
    ]
    shown = best_prompts[:_MAX_BARS]
    hidden = f" (first {len(shown)} of {len(best_prompts)} runs)" if len(best_prompts) > len(shown) else ""
    return [
        Bars("best_test", "Best prompts, 95 % intervals", shown, f"test accuracy{hidden}", 1.0),
        communication_chart({run.name: run for run in runs}),
        Chart(
            "validation",
            f"Validation accuracy, 95 % intervals{raced_note(runs)}",
            [validation_series(run.name, run) for run in runs],
            "round",
            1.0,
            "validation accuracy",
            ring=BEST_ROUND,
        ),
        Chart(
            "prompt_tokens",
            "Length of the global prompt",
            [Series(run.name, _global_tokens(run.results["rounds"])) for run in runs],
            "round",
            None,
            "tokens",
        ),
    ]


def _global_tokens(rounds: list) -> list[tuple[int, float]]:
    return [(record["round"], _mean(record["prompt_tokens"])) for record in rounds]


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(values) == 1 else sum(values) / len(values)


def _acceptance(record: dict) -> tuple[float, ...]:
    """Return the share of accepted steps in a round, with its interval."""
    uploads = record["uploads"].values()
    accepted, steps = (sum(each[key] for each in uploads) for key in ("accepted_steps", "steps"))
    return share_point(record["round"], accepted, steps)


def _tokens(rounds: list) -> list[Series]:
    several = rounds and len(rounds[0]["prompts"]) > 1
    uploads = [(record["round"], each["tokens"]) for record in rounds for each in record["uploads"].values()]
    return [
        Series("own prompts, mean" if several else "global", _global_tokens(rounds)),
        Series("uploads", uploads, joined=False),
    ]


def _retention(rounds: list) -> list[Series]:
    measured = [(record["round"], record["retention"]) for record in rounds if record.get("retention")]
    return [
        Series(
            "mean over clients",
            [(number, retention["mean"]) for number, retention in measured if retention["mean"] is not None],
        ),
        Series(
            "each client",
            [
                (number, client["rate"])
                for number, retention in measured
                for client in retention["clients"].values()
                if client["rate"] is not None
            ],
            joined=False,
        ),
    ]


def _surprisal(complexity: list) -> list[Series]:
    key = "surprisal_variance"
    return [
        Series(
            "global",
            [
                (record["round"], _mean([each[key] for each in record["prompts"]]))
                for record in complexity
                if key in record["prompts"][0]
            ],
        ),
        Series(
            "uploads, concatenated",
            [
                (record["round"], record["concatenation"][key])
                for record in complexity
                if key in record.get("concatenation", {})
            ],
        ),
        Series(
            "uploads",
            [
                (record["round"], upload[key])
                for record in complexity
                for upload in record["uploads"].values()
                if key in upload
            ],
            joined=False,
        ),
    ]


def _usage(usage: dict) -> Bars:
    """Return the calls of each role as bars."""
    rows = []
    for role, used in usage.items():
        cost = "" if used.get("dollars") is None else f", ${used['dollars']:.2f}"
        tokens = used["prompt_tokens"] + used["completion_tokens"]
        rows.append((f"{role}: {used['calls']:,} calls, {tokens:,} tokens{cost}", used["calls"]))
    return Bars("calls", "Calls by role", rows, "calls")


def _partition(partition: dict[str, Any]) -> Columns:
    """Return the training questions of each client by task or class; the rarest classes share the last color."""
    count, label = first_clients(len(partition["clients"]))
    shown = [client["counts"] for client in list(partition["clients"].values())[:count]]
    total: Counter[str] = sum(map(Counter, shown), Counter())
    classes = sorted(total, key=_natural_order)
    if len(classes) > COLOR_COUNT:
        common = sorted(classes, key=lambda each: -total[each])[: COLOR_COUNT - 1]
        classes = [each for each in classes if each in common]
    parts = [(each, [counts.get(each, 0) for counts in shown]) for each in classes]
    if rest := total.keys() - set(classes):
        parts.append((f"{len(rest)} others", [sum(counts.get(each, 0) for each in rest) for counts in shown]))
    return Columns("partition", f"Training data by {partition['by']}", parts, label, "training questions")


def _natural_order(label: str) -> list[str | int]:
    """Return a sort key that puts "up to 9" before "up to 10"."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", label)]
