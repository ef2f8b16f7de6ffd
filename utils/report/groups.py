"""Runs of one setting with several seeds: means, and differences between settings over seeds."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.text import read_json
from utils.metrics.statistics import DIFFERENCE, Spread, over_seeds
from utils.metrics.table import TERMINAL, find_metric, label_of
from utils.report.formats import DASH, interval_text
from utils.report.paired import reason_not_comparable
from utils.report.runs import Run, load_run
from utils.report.settings import setting_key
from utils.report.tables import Table, TitledTable

_INITIAL, _BEST, _GAIN = "0shot_test_engine_test_acc", "best_test_acc", "gain_test_acc"


@dataclass(frozen=True)
class Group:
    """The runs of one setting.

    Attributes:
        name: of the folder of `--repeats`, or made from the name of the first run.
        runs: one per seed.
        metrics: {"mean", "sd", "ci95", "n", "values"} per metric; see `spread`.
    """

    name: str
    runs: list[Run]
    metrics: dict[str, Any]


def is_group(folder: Path) -> bool:
    """Return True for the folder of one setting whose seeds are all finished."""
    return (Path(folder) / "repeats.json").exists()


def load_group(folder: Path) -> Group:
    """Return the group of a folder.

    Raises:
        UsageError: one of its files cannot be read.
    """
    folder = Path(folder).resolve()
    try:
        seeds = read_json(folder / "repeats.json")["seeds"]
        runs = [load_run(folder / f"seed{seed}", folder.name) for seed in seeds]
        metrics = spread(runs)["metrics"]  # computed anew: earlier versions stored other intervals
        return Group(folder.name, runs, metrics)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{folder / 'repeats.json'} cannot be read: {error}") from error


def load_several(folders: Sequence[Path]) -> tuple[list[Run], list[Group]]:
    """Return the runs of several folders, and the groups among them: folders of `--repeats` and runs of one setting.

    Raises:
        UsageError: a folder holds no finished run, or one of its files cannot be read.
    """
    runs, groups = [], []
    for folder in folders:
        if is_group(folder):
            groups.append(load_group(folder))
            runs += groups[-1].runs
        else:
            path = Path(folder).resolve()
            runs.append(load_run(path, path.parent.name if re.fullmatch(r"seed-?\d+", path.name) else ""))
    return runs, [*groups, *_by_setting([run for run in runs if run.folder not in folders_of(groups)])]


def folders_of(groups: Sequence[Group]) -> set[Path]:
    """Return the folders of all runs of groups."""
    return {run.folder for group in groups for run in group.runs}


def _by_setting(runs: Sequence[Run]) -> Iterator[Group]:
    """Yield a group for each setting of which there are complete runs with several seeds."""
    settings: dict[Any, dict[int, Run]] = {}
    for run in runs:
        if run.results["status"] == "complete":
            settings.setdefault(setting_key(run), {}).setdefault(run.options["seed"], run)
    for by_seed in settings.values():
        found = list(by_seed.values())
        if len(found) > 1:
            first = found[0]
            seeds = "1 more seed" if len(found) == 2 else f"{len(found) - 1} more seeds"
            yield Group(first.group or f"{first.name} and {seeds}", found, spread(found)["metrics"])


def spread(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the content of repeats.json: mean, standard deviation, t interval and values over seeds per metric."""
    metrics = {}
    for name in runs[0].results["metrics"]:
        values = [value for run in runs if (value := _value(run, name)) is not None]
        if len(values) == len(runs):
            metrics[name] = {**over_seeds(values).as_json(), "values": values}
    if {_BEST, _INITIAL} <= metrics.keys():
        pairs = zip(metrics[_BEST]["values"], metrics[_INITIAL]["values"], strict=True)
        gains = [best - initial for best, initial in pairs]
        metrics[_GAIN] = {**over_seeds(gains, DIFFERENCE).as_json(), "values": [round(gain, 4) for gain in gains]}
    return {
        "seeds": [run.options["seed"] for run in runs],
        "simulated": any(run.results["simulated"] for run in runs),
        "metrics": metrics,
    }


def difference(first: Group, second: Group) -> Spread | None:
    """Compare the best prompts of two groups, over the seeds that both groups have.

    Returns:
        The mean of the differences per seed (second - first) with Student's interval; None if no runs are comparable.
    """
    partners = {run.options["seed"]: run for run in first.runs}
    gains = []
    for run in second.runs:
        partner = partners.get(run.options["seed"])
        if partner is None or reason_not_comparable(partner, run):
            continue
        before, after = _value(partner, _BEST), _value(run, _BEST)
        if before is not None and after is not None:
            gains.append(after - before)
    return over_seeds(gains, DIFFERENCE) if gains else None


def verdict(difference: Spread | None) -> str:
    """Return a difference over seeds in words."""
    if difference is None:
        return "not compared: different tasks, test questions or seeds"
    if difference.ci95 is None:
        return "one seed says nothing about spread"
    low, high = difference.ci95
    text = f"{difference.mean:+.3f} {interval_text(difference.ci95, '+')} over {difference.n} seeds"
    return text if low > 0 or high < 0 else f"not distinguishable from noise: {text}"


def comparison_table(groups: Sequence[Group]) -> TitledTable:
    """Return each setting's means over seeds, and its difference from the first comparable setting."""
    rows = []
    for index, group in enumerate(groups):
        against = next((first for first in groups[:index] if difference(first, group)), None)
        rows.append(
            (
                group.name,
                len(group.runs),
                _mean(group, _BEST),
                _mean(group, _GAIN),
                against and against.name,
                verdict(difference(against, group)) if against else None,
            )
        )
    header = ("setting", "seeds", "best, test: mean", "gain over the initial prompt", "against", "difference, by seed")
    return TitledTable("Over seeds (Student's 95 % intervals)", Table(header, rows, (1,)))


def spread_table(spread: dict[str, Any]) -> TitledTable:
    """Return the spread of one setting as a table of all metrics.

    Args:
        spread: the content of repeats.json.
    """
    rows = [
        (_label(name), name, *_spread_cells(metric), ", ".join(f"{value:.2f}" for value in metric["values"]))
        for name, metric in spread["metrics"].items()
    ]
    header = ("metric", "in repeats.json", "mean", "sd", "95 % interval of the mean", "each seed")
    return TitledTable(f"Over {len(spread['seeds'])} seeds (Student's t)", Table(header, rows, (2, 3)))


def spread_text(spread: dict[str, Any]) -> str:
    """Return the spread of one setting as lines for the terminal.

    Args:
        spread: the content of repeats.json.
    """
    shown = {
        _label(name): metric
        for name, metric in spread["metrics"].items()
        if name == _GAIN or (found := find_metric(name)) and TERMINAL in found[0].shown
    }
    width = max(map(len, shown), default=0) + 2
    title = f"over {len(spread['seeds'])} seeds"
    lines = [f"\n{title:<{width}}{'mean':>7}{'sd':>8}  95 % interval"]
    for label, metric in shown.items():
        mean, sd, interval = _spread_cells(metric)
        lines.append(f"{label:<{width}}{mean:>7}{sd:>8}  {interval}")
    return "\n".join([*lines, *_gain_sentence(spread)])


def _gain_sentence(spread: dict[str, Any]) -> list[str]:
    """Return whether the best prompts beat the initial one over seeds; [] for a single seed."""
    gain = spread["metrics"].get(_GAIN)
    if not gain or not gain["ci95"]:
        return []
    low, high = gain["ci95"]
    outcome = f"the best prompts {'beat' if low > 0 else 'are worse than'} the initial one"
    if low <= 0 <= high:
        outcome = "the difference between the best prompts and the initial one is not distinguishable from noise"
    size = f"{gain['mean']:+.2f} {interval_text((low, high), '+')}"
    return [f"{outcome}: mean gain {size}, {gain['n']} seeds"]


def as_text(groups: Sequence[Group]) -> str:
    """Return the means of settings as lines for the terminal."""
    return "\n".join(
        f"{group.name}: best, test {_mean(group, _BEST)}, gain {_mean(group, _GAIN)}, {len(group.runs)} seeds"
        for group in groups
    )


def group_rows(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return one row per group and metric, as `export.metric_rows` does for runs; n counts seeds."""
    return [
        {
            "run": f"{group.name} (mean over seeds)",
            "metric": name,
            "value": metric["mean"],
            "n": metric["n"],
            "low": metric["ci95"][0],
            "high": metric["ci95"][1],
        }
        for group in groups
        for name, metric in group.metrics.items()
        if metric["ci95"]
    ]


def _value(run: Run, key: str) -> float | None:
    return (run.metric(key) or {"value": None})["value"]


def _label(name: str) -> str:
    return "gain over the initial prompt, test" if name == _GAIN else label_of(name)


def _spread_cells(metric: dict[str, Any]) -> tuple[str, str, str]:
    """Return mean, standard deviation and interval as text."""
    if metric["ci95"] is None:
        return f"{metric['mean']:.3f}", DASH, DASH
    low, high = metric["ci95"]
    return f"{metric['mean']:.3f}", f"{metric['sd']:.3f}", f"[{low:.3f}, {high:.3f}]"


def _mean(group: Group, name: str) -> str:
    metric = group.metrics.get(name)
    if not metric:
        return DASH
    return f"{metric['mean']:.3f}" + (f" {interval_text(metric['ci95'])}" if metric["ci95"] else "")
