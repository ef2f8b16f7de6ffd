"""Settings that were run with several seeds (`--repeats`): their means, and how two of them differ over the seeds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from utils.metrics.statistics import Spread, over_seeds
from utils.report import page
from utils.report.compare import why_not
from utils.report.runs import Run, load

_BEST, _GAIN = "best_test_acc", "gain_test_acc"


@dataclass(frozen=True)
class Group:
    """One setting.

    Attributes:
        folder: that holds a run's folder for each seed.
        runs: one a seed.
        metrics: for each metric {"mean", "sd", "ci95", "n", "values"}, see `utils.repeats.spread`.
    """

    folder: Path
    runs: list[Run]
    metrics: dict[str, Any]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def is_group(folder: Path) -> bool:
    """Whether a folder holds the seeds of one setting, and all of them have ended."""
    return (Path(folder) / "repeats.json").exists()


def load_group(folder: Path) -> Group:
    """The group in a folder.

    Raises:
        UsageError: a file in it cannot be read.
    """
    folder = Path(folder).resolve()
    try:
        found = json.loads((folder / "repeats.json").read_text(encoding="utf-8"))
        return Group(folder, [load(folder / f"seed{seed}", folder.name) for seed in found["seeds"]], found["metrics"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{folder / 'repeats.json'} cannot be read: {error}") from error


def difference(first: Group, second: Group) -> Spread | None:
    """How much better the second's best prompts are than the first's, over the seeds that both have.

    Returns:
        The mean of the differences seed by seed with Student's interval; None where no two runs can be compared.
    """
    partners = {run.options["seed"]: run for run in first.runs}
    pairs = [(partners[run.options["seed"]], run) for run in second.runs if run.options["seed"] in partners]
    gains = [
        _best(run) - _best(partner)
        for partner, run in pairs
        if not why_not(partner, run) and None not in (_best(run), _best(partner))
    ]
    return over_seeds(gains) if gains else None


def in_words(found: Spread | None) -> str:
    """A difference over seeds for people."""
    if found is None:
        return "not compared: other tasks, test questions or seeds"
    if found.ci95 is None:
        return "one seed says nothing about spread"
    low, high = found.ci95
    told = f"{found.mean:+.3f} [{low:+.2f}, {high:+.2f}] over {found.n} seeds"
    return told if low > 0 or high < 0 else f"not distinguishable from noise: {told}"


def table(groups: Sequence[Group]) -> str:
    """A section of a page: each setting's means over its seeds, and its difference from the first it compares with."""
    rows = []
    for place, group in enumerate(groups):
        against = next((first for first in groups[:place] if difference(first, group)), None)
        told = in_words(difference(against, group)) if against else None
        rows.append(
            (group.name, len(group.runs), _mean(group, _BEST), _mean(group, _GAIN), against and against.name, told)
        )
    head = ("setting", "seeds", "best, test: mean", "gain over the initial prompt", "against", "difference, by seed")
    return page.section("Over seeds (Student's 95 % intervals)", page.table(head, rows, (1,)))


def as_text(groups: Sequence[Group]) -> str:
    """Lines for the terminal; "" without groups."""
    lines = [
        f"{group.name}: best, test {_mean(group, _BEST)}, gain {_mean(group, _GAIN)}, {len(group.runs)} seeds"
        for group in groups
    ]
    return "\n".join(lines)


def rows(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """A row a group and metric, as `compare.rows` has them of runs; n counts seeds."""
    return [
        {
            "run": f"{group.name} (mean over seeds)",
            "metric": name,
            "value": own["mean"],
            "n": own["n"],
            "low": own["ci95"][0],
            "high": own["ci95"][1],
        }
        for group in groups
        for name, own in group.metrics.items()
        if own["ci95"]
    ]


def _best(run: Run) -> float | None:
    return run.results["metrics"].get(_BEST, {"value": None})["value"]


def _mean(group: Group, metric: str) -> str:
    own = group.metrics.get(metric)
    if not own:
        return "–"
    return f"{own['mean']:.3f}" + (" [{:.2f}, {:.2f}]".format(*own["ci95"]) if own["ci95"] else "")
