"""Run one setting with several seeds, in one folder (`--repeats`).

    logs/<run>/seed42/  seed43/ ...  calls.sqlite  repeats.json  report.html  report.csv  report.tex

All repeats answer the same questions (`--data_seed` is the first seed), so only the training varies: how questions are
split over clients, and which minibatches are drawn. They share one call log, so at temperature 0 each zero-shot call is
sent once.
"""

import dataclasses
import datetime
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from utils.config import Config
from utils.files import reporting_os_errors
from utils.report import write_seeds
from utils.report.runs import load_run
from utils.run_log.folder import check_run_name
from utils.run_log.problems import problems


def run_repeats(config: Config, run_one: Callable[[Config, Path], int]) -> int:
    """Run every seed, then write repeats.json and the report of all seeds.

    Args:
        config: with `repeats` >= 2.
        run_one: (configuration, call log) -> exit status. The first status other than 0 stops the remaining seeds.

    Returns:
        The exit status.

    Raises:
        UsageError: --run_name is not the name of a folder.
    """
    name = config.run_name or f"{time.strftime('%Y%m%d-%H%M%S')}_{config.module}_{config.repeats}seeds"
    check_run_name(name)
    folder = Path(config.log_dir) / name
    repeats = configs_by_seed(config, folder)
    with reporting_os_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, repeat in enumerate(repeats, start=1):
        print(f"\nseed {repeat.seed}, {number} of {len(repeats)}", flush=True)
        if status := run_one(repeat, folder / "calls.sqlite"):
            return status
    runs = [load_run(folder / repeat.run_name) for repeat in repeats]
    print(write_seeds(folder, runs))
    print(problems_and_costs({repeat.seed: run.results for repeat, run in zip(repeats, runs, strict=True)}))
    print(f"\nresults are in {folder}: open {folder / 'report.html'}")
    return 0


def problems_and_costs(results: Mapping[int, dict[str, Any]]) -> str:
    """Return what went wrong in each seed, and cost and time of all.

    Args:
        results: the content of results.json by seed.
    """
    wrong = [f"  seed {seed}: {line}" for seed, each in results.items() for line in problems(each)]
    dollars = [used["dollars"] for each in results.values() for used in each["usage"].values()]
    cost = f"at most ${sum(dollars):.4f}, as seeds share calls; " if None not in dollars and sum(dollars) else ""
    seconds = sum(each["seconds"] for each in results.values())
    lines = ["", "what went wrong:", *wrong] if wrong else []
    return "\n".join([*lines, "", f"all seeds: {cost}time {datetime.timedelta(seconds=round(seconds))}"])


def configs_by_seed(config: Config, folder: Path) -> list[Config]:
    """Return one configuration per seed (seed, seed + 1, ...), all on the same questions."""
    return [
        dataclasses.replace(
            config, repeats=1, seed=seed, data_seed=config.questions_seed, log_dir=str(folder), run_name=f"seed{seed}"
        )
        for seed in range(config.seed, config.seed + config.repeats)
    ]
