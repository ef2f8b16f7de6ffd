"""The same run for several seeds, in one folder, and how much its numbers vary from seed to seed.

    logs/<run>/seed42/  seed43/ ...  calls.sqlite  repeats.json  report.html  report.csv  report.tex

All repeats answer the same questions (`--data_seed` is the first seed), so only the training varies: who holds which
question, which minibatches are drawn. They share one call log; where replies are not drawn at random (temperature 0),
the zero-shot calls are therefore made once.
"""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from utils.config import Config
from utils.files import atomic_write, reporting_os_errors, to_json
from utils.metrics.statistics import over_seeds
from utils.report import page, write_comparison
from utils.report.runs import Run, load


def run_repeats(config: Config, run_one: Callable[[Config, Path], int]) -> int:
    """Runs every seed, then writes what they have in common.

    Args:
        config: with `repeats` >= 2.
        run_one: (configuration, call log) -> exit status; the first that is not 0 ends the series and is returned.
    """
    name = config.run_name or f"{time.strftime('%Y%m%d-%H%M%S')}_{config.module}_{config.repeats}seeds"
    if Path(name).name != name or name.startswith("."):
        raise UsageError(f"--run_name {name!r} is no plain name of a folder: use letters, digits, - and _")
    folder = Path(config.log_dir) / name
    for each in repeats_of(config, folder):
        if not folder.exists():
            with reporting_os_errors(folder):
                folder.mkdir(mode=0o700, parents=True)
        if status := run_one(each, folder / "calls.sqlite"):
            return status
    print(finish(folder, [load(folder / each.run_name) for each in repeats_of(config, folder)]))
    return 0


def repeats_of(config: Config, folder: Path) -> list[Config]:
    """The configuration of every seed: seed, seed + 1, ..., on the same questions."""
    return [
        dataclasses.replace(
            config, repeats=1, seed=seed, data_seed=config.questions_seed, log_dir=str(folder), run_name=f"seed{seed}"
        )
        for seed in range(config.seed, config.seed + config.repeats)
    ]


def spread(runs: list[Run]) -> dict[str, Any]:
    """For each metric mean, standard deviation and t-interval over seeds, and the values; see `over_seeds`."""
    table = {}
    for name in runs[0].results["metrics"]:
        values = [run.results["metrics"].get(name, {"value": None})["value"] for run in runs]
        if None not in values:
            table[name] = {**over_seeds(values).as_json(), "values": values}
    gains = [
        run.results["metrics"]["best_test_acc"]["value"] - run.results["metrics"]["0shot_test_engine_test_acc"]["value"]
        for run in runs
        if {"best_test_acc", "0shot_test_engine_test_acc"} <= table.keys()
    ]
    if gains:
        table["gain_test_acc"] = {**over_seeds(gains).as_json(), "values": [round(gain, 4) for gain in gains]}
    return {
        "seeds": [run.options["seed"] for run in runs],
        "simulated": any(run.results["simulated"] for run in runs),
        "metrics": table,
    }


def finish(folder: Path, runs: list[Run]) -> str:
    """Writes repeats.json and the reports of all seeds together; returns lines for the terminal."""
    found = spread(runs)
    atomic_write(folder / "repeats.json", to_json(found, indent=2) + "\n")
    rows = [
        (
            name,
            f"{own['mean']:.3f}",
            f"{own['sd']:.3f}",
            "[{:.3f}, {:.3f}]".format(*own["ci95"]),
            ", ".join(f"{value:.2f}" for value in own["values"]),
        )
        for name, own in found["metrics"].items()
    ]
    head = ("metric", "mean", "sd", "95 % interval of the mean", "each seed")
    above = page.section(f"Over {len(runs)} seeds (Student's t)", page.table(head, rows, (1, 2)))
    write_comparison(folder, runs, folder.name, above)
    lines = [f"\n{f'over {len(runs)} seeds':<44}{'mean':>7}{'sd':>8}  95 % interval"]
    lines += [f"{name:<44}{mean:>7}{sd:>8}  {interval}" for name, mean, sd, interval, _ in rows]
    return "\n".join([*lines, f"\neverything is in {folder}"])
