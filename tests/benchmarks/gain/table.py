"""The table of gains: one row per optimizer, task, module and model, pooled over seeds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.gain.grid import Cell
from tests.benchmarks.gain.outcome import Outcome
from tests.benchmarks.gain.tester import Answers
from utils.metrics.statistics import accuracy, compare

_SIGNIFICANT = 0.05
_HEAD = (
    "model | task | module | optimizer | initial | best | last | n | p best | p last | seeds better / worse (best) | "
    "(last) | calls | tokens | gain per 100 calls | accepted | unchanged | rejected and other steps | merges"
)


@dataclass(frozen=True)
class Measured:
    """A run with its test results.

    Attributes:
        cell: of the grid; its optimizer is the name of the reference for a prompt that no optimizer wrote.
        initial: answers under the initial prompt.
        best, last: answers under each prompt after training.
        outcome: of the run; None for a reference.
    """

    cell: Cell
    initial: Answers
    best: Sequence[Answers]
    last: Sequence[Answers]
    outcome: Outcome | None = None
    simulated: bool = field(default=False, compare=False)


def rows(tested: Sequence[Measured]) -> list[dict[str, Any]]:
    """Return the rows as records for JSON."""
    groups: dict[tuple[str, ...], list[Measured]] = {}
    for each in tested:
        key = (each.cell.model, each.cell.task, each.cell.module, each.cell.optimizer)
        groups.setdefault(key, []).append(each)
    names = ("model", "task", "module", "optimizer")
    return [dict(zip(names, key, strict=True)) | _row(runs) for key, runs in groups.items()]


def markdown(records: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    columns = _HEAD.count("|") + 1
    lines = [f"| {_HEAD} |", "|" + "---|" * columns, *(f"| {' | '.join(_cells(each))} |" for each in records)]
    if any(each["simulated"] for each in records):
        lines += [
            "",
            "SIMULATED: replies came from the simulated engine; these numbers say nothing about a real model.",
        ]
    return "\n".join(lines) + "\n"


def _row(runs: list[Measured]) -> dict[str, Any]:
    outcomes = [run.outcome for run in runs if run.outcome]
    initial = _mean([run.initial for run in runs])
    best, last = (_after(runs, label) for label in ("best", "last"))
    calls, tokens = (sum(getattr(each, name) for each in outcomes) for name in ("calls", "tokens"))
    return {
        "seeds": [run.cell.seed for run in runs],
        "n": sum(len(run.initial) for run in runs),
        "initial": initial,
        "best": best,
        "last": last,
        "calls": round(calls / len(outcomes)) if outcomes else 0,
        "tokens": round(tokens / len(outcomes)) if outcomes else 0,
        "gain_per_100_calls": 100 * (best["accuracy"] - initial) * len(outcomes) / calls if calls else None,
        "steps": dict(sum((Counter(each.steps) for each in outcomes), Counter())),
        "merges": dict(sum((Counter(each.merges) for each in outcomes), Counter())),
        "prompts": [
            {"seed": run.cell.seed, "best": run.outcome.best, "last": run.outcome.last} for run in runs if run.outcome
        ],
        "simulated": any(run.simulated for run in runs),
    }


def _after(runs: list[Measured], label: str) -> dict[str, Any]:
    """Return accuracy and paired tests of the best or last prompts, pooled and by seed."""
    prompts = [getattr(run, label) for run in runs]
    record: dict[str, Any] = {"accuracy": sum(map(_mean, prompts)) / len(prompts), "comparison": None, "by_seed": []}
    if any(len(each) > 1 for each in prompts):  # further prompts of local-only training add no questions
        return record
    pairs = [(run.initial, after[0]) for run, after in zip(runs, prompts, strict=True)]
    pooled = [{key: right for pair in pairs for key, right in pair[side].items()} for side in (0, 1)]
    record["comparison"] = compare(*pooled).as_json()
    record["by_seed"] = [
        compare(before, after).as_json() | {"accuracy": accuracy(list(after.values())).as_json()}
        for before, after in pairs
    ]
    return record


def _mean(answers: Sequence[Answers]) -> float:
    """Return the mean accuracy over prompts."""
    return sum(sum(each.values()) / len(each) for each in answers) / len(answers)


def _cells(row: dict[str, Any]) -> list[str]:
    steps = dict(row["steps"])
    kept, unchanged = steps.pop("accepted", 0), steps.pop("unchanged", 0)
    ran = bool(row["calls"])
    return [
        *(
            row[name].rpartition("/")[2] if name == "model" else row[name]
            for name in ("model", "task", "module", "optimizer")
        ),
        *(f"{value:.3f}" for value in (row["initial"], row["best"]["accuracy"], row["last"]["accuracy"])),
        str(row["n"]),
        *(_p(row[label]) for label in ("best", "last")),
        *(_seeds(row[label]) for label in ("best", "last")),
        *([f"{row['calls']}", f"{row['tokens']}", f"{row['gain_per_100_calls']:.3f}"] if ran else ["-"] * 3),
        *([str(kept), str(unchanged), _counts(steps), _counts(row["merges"])] if row["steps"] else ["-"] * 4),
    ]


def _p(record: dict[str, Any]) -> str:
    return f"{record['comparison']['p_value']:.3f}" if record["comparison"] else "-"


def _seeds(record: dict[str, Any]) -> str:
    significant = [each["difference"] for each in record["by_seed"] if each["p_value"] <= _SIGNIFICANT]
    better = sum(difference > 0 for difference in significant)
    return f"{better} / {len(significant) - better} of {len(record['by_seed'])}" if record["by_seed"] else "-"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items(), key=lambda each: -each[1])) or "-"
