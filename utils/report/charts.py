"""The charts of one run and of several, as data."""

import re
from collections.abc import Sequence
from typing import Any

from utils.metrics.statistics import share_of
from utils.report.chart import COLORS, AnyChart, Bars, Chart, Columns, Series
from utils.report.runs import Run

PARTITION = "partition"
_MOST_BARS = 24


def charts(run: Run) -> list[AnyChart]:
    """Return the charts of one run; some may be empty."""
    rounds = run.results["rounds"]
    steps = [event for event in run.events if event["event"] == "step"]
    accepted = [(each["round"], *_accepted(each)) for each in rounds if each["uploads"]]
    return [
        Chart("accuracy", "Accuracy, with 95 % intervals", _accuracy(rounds, steps), limit=1.0),
        Chart("acceptance", "Share of local steps accepted", [Series("all clients", accepted)], limit=1.0),
        Chart("prompt_tokens", "Tokens of the prompts", _tokens(rounds)),
        Chart("retention", "Retention: what a merge kept of additions", _retention(rounds), limit=1.0),
        Chart("surprisal_variance", "Variance of surprisal (bits²)", _surprisal(run.results.get("complexity", []))),
        Chart("clients", "Accuracy by client, with 95 % intervals", _clients(run.results["clients"]), "client", 1.0),
        *([_partition(run.partition)] if len(run.partition.get("clients", {})) > 1 else []),
        _usage(run.results["usage"]),
    ]


def charts_of(runs: Sequence[Run], numbers: Sequence[dict[str, Any]]) -> list[AnyChart]:
    """Return the charts of several runs; charts over rounds show the first eight runs.

    Args:
        runs: at least two.
        numbers: rows as `export.rows` returns them; for runs with several seeds only their means.
    """

    def validation(run: Run) -> list[tuple[int, float]]:
        return [
            (each["round"], each["validation"]["mean"]["value"])
            for each in run.results["rounds"]
            if each["validation"].get("mean", {}).get("value") is not None
        ]

    def tokens(run: Run) -> list[tuple[int, int]]:
        return [(each["round"], each["prompt_tokens"][0]) for each in run.results["rounds"]]

    runs = runs[:COLORS]
    best = [
        (f"{_short(row['run'])}: {row['value']:.3f} [{row['low']:.2f}, {row['high']:.2f}]", row["value"])
        for row in numbers
        if row["metric"] == "best_test_acc" and row["value"] is not None
    ]
    return [
        Bars("best_test", "Test accuracy of the best prompts", best[:_MOST_BARS]),
        Chart(
            "validation",
            "Validation accuracy of the global prompt",
            [Series(run.name, validation(run)) for run in runs],
            limit=1.0,
        ),
        Chart("prompt_tokens", "Tokens of the global prompt", [Series(run.name, tokens(run)) for run in runs]),
    ]


def _short(name: str, most: int = 36) -> str:
    """Shorten a run's name; the tables show all of it."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _accuracy(rounds: list, steps: list) -> list[Series]:
    names = [name for name in (rounds[0]["validation"] if rounds else {}) if name != "mean"]
    shown = ["mean", *names] if 1 < len(names) <= 4 else ["mean"]
    series = [
        Series(
            f"validation, global prompt{'' if name == 'mean' else ' on ' + name}",
            [
                _point(each["round"], each["validation"].get(name))
                for each in rounds
                if (each["validation"].get(name) or {}).get("value") is not None
            ],
        )
        for name in shown
    ]
    first = rounds[0]["validation"].get("mean") if rounds else None
    if first and first["value"] is not None:
        series.append(
            Series("validation, initial prompt", [(each["round"], first["value"]) for each in rounds], dashed=True)
        )
    return [
        *series,
        Series("clients' batches before", _pooled(steps, "before"), joined=False),
        Series("clients' batches after", _pooled(steps, "after"), joined=False),
    ]


def _point(x: int, estimate: dict[str, Any]) -> tuple[float, ...]:
    return (x, estimate["value"], *estimate["ci95"])


def _pooled(steps: list, side: str) -> list[tuple[float, ...]]:
    """Return the accuracy over all minibatches of each round; a rejected step leaves it as it was."""
    sums: dict[int, tuple[int, int]] = {}
    for step in steps:
        value = step["after"] if side == "after" and step["accepted"] else step["before"]
        right, n = sums.get(step["round"], (0, 0))
        sums[step["round"]] = right + round(value * step["n"]), n + step["n"]
    return [_point(number, _estimate(right, n)) for number, (right, n) in sorted(sums.items()) if n]


def _estimate(right: int, n: int) -> dict[str, Any]:
    return share_of(right / max(1, n), n).as_json()


def _accepted(each: dict) -> tuple[float, ...]:
    steps, kept = (sum(upload[key] for upload in each["uploads"].values()) for key in ("steps", "accepted_steps"))
    estimate = _estimate(kept, steps)
    return (estimate["value"] or 0.0, *estimate["ci95"])


def _tokens(rounds: list) -> list[Series]:
    return [
        Series("global", [(each["round"], each["prompt_tokens"][0]) for each in rounds]),
        Series(
            "uploads",
            [(each["round"], upload["tokens"]) for each in rounds for upload in each["uploads"].values()],
            joined=False,
        ),
    ]


def _retention(rounds: list) -> list[Series]:
    found = [(each["round"], each["retention"]) for each in rounds if each.get("retention")]
    return [
        Series(
            "mean over clients", [(number, record["mean"]) for number, record in found if record["mean"] is not None]
        ),
        Series(
            "each client",
            [
                (number, own["rate"])
                for number, record in found
                for own in record["clients"].values()
                if own["rate"] is not None
            ],
            joined=False,
        ),
    ]


def _surprisal(complexity: list) -> list[Series]:
    key = "surprisal_variance"
    return [
        Series(
            "global", [(each["round"], each["prompts"][0][key]) for each in complexity if key in each["prompts"][0]]
        ),
        Series(
            "uploads, concatenated",
            [
                (each["round"], each["concatenation"][key])
                for each in complexity
                if key in each.get("concatenation", {})
            ],
            dashed=True,
        ),
        Series(
            "uploads",
            [(each["round"], own[key]) for each in complexity for own in each["uploads"].values() if key in own],
            joined=False,
        ),
    ]


def _clients(clients: dict[str, dict]) -> list[Series]:
    """Return the accuracies of each client; nothing if there is only one."""
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
    labels = sorted({label for client in clients for label in client["counts"]}, key=_natural)
    parts = [(label, [client["counts"].get(label, 0) for client in clients]) for label in labels]
    return Columns(PARTITION, f"Training questions of each client, by {partition['by']}", parts)


def _natural(label: str) -> list[str | int]:
    """Return a key that sorts "up to 9" before "up to 10"."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", label)]
