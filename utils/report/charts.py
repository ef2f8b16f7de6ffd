"""Which charts the pages of one run and of several runs show."""

import re
from collections.abc import Sequence
from typing import Any

from utils.metrics.statistics import share_of, total_of
from utils.report.chart import COLOR_COUNT, AnyChart, Bars, Chart, Columns, Series
from utils.report.runs import Run

PARTITION = "partition"
_MAX_BARS = 24


def run_charts(run: Run) -> list[AnyChart]:
    """Return the charts of one run; some may be empty."""
    rounds = run.results["rounds"]
    steps = [event for event in run.events if event["event"] == "step"]
    acceptance = [(record["round"], *_acceptance(record)) for record in rounds if record["uploads"]]
    return [
        Chart("accuracy", "Accuracy, with 95 % intervals", _accuracy(rounds, steps), limit=1.0),
        Chart("acceptance", "Share of local steps accepted", [Series("all clients", acceptance)], limit=1.0),
        Chart("prompt_tokens", "Tokens of the prompts", _tokens(rounds)),
        Chart("retention", "Retention: what a merge kept of additions", _retention(rounds), limit=1.0),
        Chart("surprisal_variance", "Variance of surprisal (bits²)", _surprisal(run.results.get("complexity", []))),
        Chart("clients", "Accuracy by client, with 95 % intervals", _clients(run.results["clients"]), "client", 1.0),
        *([_partition(run.partition)] if len(run.partition.get("clients", {})) > 1 else []),
        _usage(run.results["usage"]),
    ]


def comparison_charts(runs: Sequence[Run], numbers: Sequence[dict[str, Any]]) -> list[AnyChart]:
    """Return the charts of several runs; charts over rounds show the first eight runs.

    Args:
        runs: at least two.
        numbers: rows as `export.rows` returns them; for runs with several seeds only their means.
    """
    runs = runs[:COLOR_COUNT]
    best_prompts = [
        (f"{_short(row['run'])}: {row['value']:.3f} [{row['low']:.2f}, {row['high']:.2f}]", row["value"])
        for row in numbers
        if row["metric"] == "best_test_acc" and row["value"] is not None
    ]
    return [
        Bars("best_test", "Test accuracy of the best prompts", best_prompts[:_MAX_BARS]),
        Chart(
            "validation",
            "Validation accuracy of the global prompt",
            [Series(run.name, _global_validation(run)) for run in runs],
            limit=1.0,
        ),
        Chart("prompt_tokens", "Tokens of the global prompt", [Series(run.name, _global_tokens(run)) for run in runs]),
    ]


def _global_validation(run: Run) -> list[tuple[int, float]]:
    return [
        (record["round"], record["validation"]["mean"]["value"])
        for record in run.results["rounds"]
        if record["validation"].get("mean", {}).get("value") is not None
    ]


def _global_tokens(run: Run) -> list[tuple[int, float]]:
    return [(record["round"], _mean(record["prompt_tokens"])) for record in run.results["rounds"]]


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(values) == 1 else sum(values) / len(values)


def _global_name(rounds: list) -> str:
    """Return the name of the series of the prompts after each round."""
    return "own prompts, mean" if rounds and len(rounds[0]["prompts"]) > 1 else "global"


def _short(name: str, max_length: int = 36) -> str:
    """Shorten a run's name; the tables show it in full."""
    return name if len(name) <= max_length else f"{name[: max_length - 1]}…"


def _accuracy(rounds: list, steps: list) -> list[Series]:
    names = [name for name in (rounds[0]["validation"] if rounds else {}) if name != "mean"]
    shown = ["mean", *names] if 1 < len(names) <= 4 else ["mean"]
    series = [
        Series(
            f"validation, global prompt{'' if name == 'mean' else ' on ' + name}",
            [
                _point(record["round"], record["validation"].get(name))
                for record in rounds
                if (record["validation"].get(name) or {}).get("value") is not None
            ],
        )
        for name in shown
    ]
    first = rounds[0]["validation"].get("mean") if rounds else None
    if first and first["value"] is not None:
        series.append(
            Series("validation, initial prompt", [(record["round"], first["value"]) for record in rounds], dashed=True)
        )
    return [
        *series,
        Series("clients' batches before", _minibatch_accuracy(steps, "before"), joined=False),
        Series("clients' batches after", _minibatch_accuracy(steps, "after"), joined=False),
    ]


def _point(x: int, estimate: dict[str, Any]) -> tuple[float, ...]:
    return (x, estimate["value"], *estimate["ci95"])


def _minibatch_accuracy(steps: list, side: str) -> list[tuple[float, ...]]:
    """Return the accuracy over all minibatches per round; a rejected step keeps the accuracy before."""
    shares: dict[int, list[tuple[float, int]]] = {}
    for step in steps:
        value = step["after"] if side == "after" and step["accepted"] else step["before"]
        shares.setdefault(step["round"], []).append((value, step["n"]))
    return [_point(number, _estimate(*total_of(pairs))) for number, pairs in sorted(shares.items())]


def _estimate(count: float, n: int) -> dict[str, Any]:
    return share_of(count / max(1, n), n).as_json()


def _acceptance(record: dict) -> tuple[float, ...]:
    """Return the share of accepted steps in a round, with its interval."""
    uploads = record["uploads"].values()
    estimate = _estimate(sum(each["accepted_steps"] for each in uploads), sum(each["steps"] for each in uploads))
    return (estimate["value"] or 0.0, *estimate["ci95"])


def _tokens(rounds: list) -> list[Series]:
    return [
        Series(_global_name(rounds), [(record["round"], _mean(record["prompt_tokens"])) for record in rounds]),
        Series(
            "uploads",
            [(record["round"], upload["tokens"]) for record in rounds for upload in record["uploads"].values()],
            joined=False,
        ),
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
            dashed=True,
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


def _clients(clients: dict[str, dict]) -> list[Series]:
    """Return the accuracies of each client; [] for a single client."""
    if len(clients) < 2:
        return []
    keys = {
        "best prompt, own validation": "best_prompt_on_own_validation",
        "batches before": "batch_accuracy_before",
        "batches after": "batch_accuracy_after",
    }
    return [
        Series(name, [_point(int(number), row[key]) for number, row in clients.items() if row[key]["n"]], joined=False)
        for name, key in keys.items()
    ]


def _usage(usage: dict) -> Bars:
    """Return the calls of each role as bars."""
    rows = []
    for role, used in usage.items():
        cost = "" if used.get("dollars") is None else f", ${used['dollars']:.2f}"
        tokens = used["prompt_tokens"] + used["completion_tokens"]
        rows.append((f"{role}: {used['calls']:,} calls, {tokens:,} tokens{cost}", used["calls"]))
    return Bars("calls", "Calls by role", rows)


def _partition(partition: dict[str, Any]) -> Columns:
    clients = partition["clients"].values()
    labels = sorted({label for client in clients for label in client["counts"]}, key=_natural_order)
    parts = [(label, [client["counts"].get(label, 0) for client in clients]) for label in labels]
    return Columns(PARTITION, f"Training questions of each client, by {partition['by']}", parts)


def _natural_order(label: str) -> list[str | int]:
    """Return a sort key that puts "up to 9" before "up to 10"."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", label)]
