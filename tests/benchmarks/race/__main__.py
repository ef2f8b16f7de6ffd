"""Compare `--validate race` with `--validate full`: calls saved, choice of the best round, test accuracy.

    sh scripts/benchmark.sh race paired --seeds 100        # the comparisons alone, on known answers
    sh scripts/benchmark.sh race recorded logs/<run> ...   # the same on the answers of recorded runs
    sh scripts/benchmark.sh race runs --seeds 100          # whole runs on the simulated engine

The results are in README.md, in this folder.
"""

import argparse
import itertools
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from tests import toy
from tests.benchmarks.race.paired import World, recorded_choices, simulated_choices
from textgrad.concurrency import current_scope
from textgrad.errors import UsageError
from textgrad.text import read_json_lines
from utils.config import Config
from utils.engines.by_role import Engines, connect
from utils.federation.result import overall

MODULES = ("train_centralized", "train_homo_fed", "train_hetero_fed")
DEFAULTS = "--optimizer auto --accept better --skip_solved --aggregate_method auto --local_steps 3 --test_size 100"
_TASKS, _TOPICS = 3, 24  # tasks of train_hetero_fed, which share the validation questions; topics of the questions


class Trial(NamedTuple):
    """One run both ways.

    Attributes:
        full, raced: numbers of validation calls.
        others: calls for anything else.
        same: True if the best round has the same prompt.
        gain: test accuracy of the raced run minus that of the full one, in points.
    """

    full: int
    raced: int
    others: int
    same: bool
    gain: float


def row(name: str, trials: Sequence[Trial]) -> str:
    """Return a line of the results: means over trials."""
    full, raced = (sum(getattr(each, field) for each in trials) for field in ("full", "raced"))
    others = sum(each.others for each in trials)
    same = sum(each.same for each in trials) / len(trials)
    gain = sum(each.gain for each in trials) / len(trials)
    share = f"{(full - raced) / (full + others):.0%}" if others else "-"
    saved = f"{(full - raced) / full:.0%} | {share}"
    return f"| {name} | {len(trials)} | {full / len(trials):.0f} | {saved} | {same:.0%} | {gain:+.2f} |"


HEADER = (
    "| setting | n | validation calls, full | saved | of all calls | same best prompt | test accuracy, points |\n"
    "|---|---|---|---|---|---|---|"
)


def configured(folder: Path, module: str, questions: int, rounds: int, engine: str, seed: int, mode: str) -> Config:
    """Return the configuration of one run.

    Args:
        folder: for its data and logs.
        module: one of `MODULES`.
        questions: number of validation questions, in all tasks together.
        rounds: number of rounds.
        engine: name of the engine in both roles.
        seed: of the run.
        mode: value of --validate.
    """
    count = _TASKS if module == "train_hetero_fed" else 1
    size, test = questions // count, 100 // count
    names = [f"task{number}" for number in range(count)]
    paths = [
        toy.task_file(folder, name, range(_TOPICS), 5 * max(size, test, 20), index) for index, name in enumerate(names)
    ]
    sizes = ["--val_size", str(size), "--test_size", str(test), "--train_size", str(60 // count)]
    words = [*DEFAULTS.split(), *sizes, "--rounds", str(rounds), "--seed", str(seed), "--validate", mode]
    return toy.config(folder, *words, module=module, tasks=paths, engine=engine)


def run(config: Config, engines: Engines) -> tuple[str, float, dict[str, set[str]]]:
    """Return the best prompt, its test accuracy, and the keys of the run's distinct calls by "val" or "other"."""
    keys: dict[str, set[str]] = {"val": set(), "other": set()}

    def count(role: str, key: str, reply: object) -> None:
        label = str(dict(current_scope()).get("scores", ""))
        keys["val" if label.startswith(("round", "candidate", "fits")) else "other"].add(key)

    engines.gateway.on_reply = count
    result = import_module(config.module).run_training(config, engines, toy.Recorder())
    return result.rounds[result.best].prompts[0], 100 * (overall(result.tests["best"]).value or 0), keys


def trial(folder: Path, *setting) -> Trial:
    """Run one seed both ways; the second run reads equal calls from the log of the first one."""
    configs = [configured(folder, *setting, mode) for mode in ("full", "race")]
    engines = connect(configs[0], ":memory:")
    (prompt, accuracy, keys), (raced_prompt, raced_accuracy, raced) = (run(config, engines) for config in configs)
    others = len(keys["other"] - keys["val"])
    return Trial(len(keys["val"]), len(raced["val"]), others, prompt == raced_prompt, raced_accuracy - accuracy)


def simulated(seeds: int, *choices: Sequence) -> Iterator[str]:
    """Yield a row per setting, with every combination of modules, numbers of questions, rounds and engines."""
    for module, questions, rounds, engine in itertools.product(*choices):
        trials = []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                trials.append(trial(Path(folder), module, questions, rounds, engine, seed))
        yield row(f"{engine}, {module}, {questions} questions, {rounds} rounds", trials)


def paired(seeds: int) -> Iterator[str]:
    """Yield a row per setting of the world of lessons: the validation alone."""
    worlds = {
        "clear gains": World(base=0.3, skill=0.9, noise=0.1),
        "small gains": World(base=0.5, skill=0.7, noise=0.2),
        "no gains": World(base=0.6, skill=0.6, noise=0.3),
    }
    for (name, world), rounds, n in itertools.product(worlds.items(), (3, 10), (40, 100, 300)):
        trials = []
        for seed in range(seeds):
            full, raced, gain = simulated_choices(world, n, rounds, True, seed)
            trials.append(Trial(full.calls, raced.calls, 0, full.best == raced.best, gain))
        yield row(f"{name}, {n} questions, {rounds} rounds", trials)


def recorded_answers(folder: Path) -> list[tuple[str, list[float]]]:
    """Return the validated global prompts of a run with their answers, one entry per round.

    Raises:
        UsageError: the folder has no metrics.jsonl.
    """
    rounds: dict[str, tuple[str, list[float]]] = {}
    for event in read_json_lines(folder / "metrics.jsonl"):
        is_round = event["event"] == "evaluation" and event["split"] == "val" and event["of"].startswith("round")
        if is_round and "client" not in event:
            prompt, answers = rounds.get(event["of"], (event["prompt"], []))
            rounds[event["of"]] = prompt, [*answers, *map(float, event["correct"])]
    return list(rounds.values())


def race(rounds: Sequence[tuple[str, list[float]]], seed: int) -> Trial:
    """Choose the best of recorded rounds both ways. The accuracy is that on all validation questions."""
    answers = dict(rounds)
    full, raced = recorded_choices([prompt for prompt, _ in rounds], answers, seed)
    means = [sum(answers[each.best]) / len(rounds[0][1]) for each in (full, raced)]
    return Trial(full.calls, raced.calls, 0, full.best == raced.best, 100 * (means[1] - means[0]))


def resampled(rounds: Sequence[tuple[str, list[float]]], n: int, seed: int) -> list[tuple[str, list[float]]]:
    """Return the rounds with n of their questions, drawn with replacement; 0: as they are."""
    rng = random.Random(f"resample {seed}")
    chosen = rng.choices(range(len(rounds[0][1])), k=n) if n else range(len(rounds[0][1]))
    return [(prompt, [answers[question] for question in chosen]) for prompt, answers in rounds]


def recorded(folders: Sequence[Path], seeds: int) -> Iterator[str]:
    """Yield a row for the recorded questions, and for sets of other sizes that are drawn from them."""
    runs = [rounds for folder in folders if len(dict(rounds := recorded_answers(folder))) > 1]
    if not runs:
        raise UsageError("no folder holds a run with two validated prompts: name folders with a metrics.jsonl")
    for n in (0, 40, 100, 300):
        trials = [race(resampled(rounds, n, seed), seed) for rounds in runs for seed in range(seeds)]
        yield row(f"{len(runs)} recorded runs, {n or 'their own'} questions", trials)


def main(arguments: list[str]) -> int:
    """Print the table of a subcommand."""
    parser = argparse.ArgumentParser(
        prog="benchmark.sh race", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    runs, pairs, logs = (commands.add_parser(name) for name in ("runs", "paired", "recorded"))
    pairs.add_argument("--seeds", type=int, default=100)
    runs.add_argument("--modules", nargs="+", default=MODULES, choices=MODULES)
    runs.add_argument("--questions", nargs="+", type=int, default=[40, 100, 300], help="validation questions")
    runs.add_argument("--rounds", nargs="+", type=int, default=[3, 10])
    runs.add_argument("--engines", nargs="+", default=["simulated"], metavar="ENGINE")
    runs.add_argument("--seeds", type=int, default=100)
    logs.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    logs.add_argument("--seeds", type=int, default=20, help="orders of the questions per run")
    chosen = parser.parse_args(arguments)
    if chosen.command == "runs":
        rows = simulated(chosen.seeds, chosen.modules, chosen.questions, chosen.rounds, chosen.engines)
    elif chosen.command == "paired":
        rows = paired(chosen.seeds)
    else:
        rows = recorded(chosen.folders, chosen.seeds)
    print(HEADER, flush=True)
    for line in rows:
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
