"""Measure what optimizers gain: `.venv/bin/python -m tests.benchmarks.gain --help`.

Runs every cell of a grid with the same number of calls, tests the prompts before and after, and writes one table. The
same command continues an interrupted grid and skips finished runs.
"""

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.gain.grid import PEERS, Cell, Settings
from tests.benchmarks.gain.outcome import outcome_of, read_outcome
from tests.benchmarks.gain.peer import missing_package, run_peer
from tests.benchmarks.gain.table import Measured, markdown, rows
from tests.benchmarks.gain.tester import PromptTester
from textgrad.errors import StopRun
from textgrad.tasks.rules import tasks_for
from utils.config import MODULES

ROOT = Path(__file__).parents[3]
_FINISHED = (0, 3)  # exit statuses of main.py: complete, cap reached


def main(arguments: list[str]) -> int:
    """Run the grid and write its table. Return 1 if a run failed, 2 for a usage error, else 0."""
    options, more = _parse(arguments)
    settings, cells = _settings(options, more), _cells(options)
    failed = []
    try:
        for number, cell in enumerate(cells, 1):
            if not options.table_only and (
                error := _run(cell, settings, options.peers_python, f"{number}/{len(cells)}")
            ):
                failed.append(f"{cell.name(settings)}: {error}")
        records = rows([each for group in _groups(cells) for each in _tested(group, settings)])
    except StopRun as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    text = markdown(records)
    (settings.out / "table.md").write_text(text, encoding="utf-8")
    (settings.out / "table.json").write_text(json.dumps({"arguments": arguments, "rows": records}, indent=2) + "\n")
    print(f"\n{text}\nwritten to {settings.out}/table.md and table.json")
    print("".join(f"failed: {each}\n" for each in failed), end="", file=sys.stderr)
    return int(bool(failed))


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, tuple[str, ...]]:
    parser = argparse.ArgumentParser(
        "benchmark.sh gain",
        description=__doc__,
        epilog="Options of main.py for every run follow after --",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--optimizers", nargs="*", default=["tgd"], help="names, perhaps with options: tgd:accept=better,skip_solved")
    add("--peers", nargs="*", default=[], choices=PEERS, help="optimizers of other projects, for train_centralized")
    add("--tasks", nargs="+", default=["design"], help="design, report (worlds of RULES_), names, or names joined by +")
    add("--modules", nargs="+", default=["train_centralized"], choices=MODULES, help="modules of main.py")
    add("--models", nargs="+", default=["local-smollm2"], help="engines, such as local-<file.gguf>")
    add("--evaluation_engine", default="", help="engine that criticizes and rewrites; default: the model itself")
    add("--seeds", nargs="+", type=int, default=[1, 2, 3], help="seeds of run and questions")
    for name in ("calls", "train", "val", "test", "rounds", "steps", "clients", "examples"):
        add(f"--{name}", type=int, default=getattr(Settings, name), help="see Settings in grid.py")
    add("--out", type=Path, default=ROOT / "logs" / "gain", help="folder of runs and tables")
    add("--peers_python", type=Path, default=ROOT / ".venv-peers/bin/python", help="Python with gepa, dspy, textgrad")
    add("--table_only", action="store_true", help="write the table of the finished runs")
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return parser.parse_args(arguments[:end]), tuple(arguments[end + 1 :])


def _settings(options: argparse.Namespace, more: tuple[str, ...]) -> Settings:
    names = ("calls", "train", "val", "test", "rounds", "steps", "clients", "examples", "evaluation_engine")
    return Settings(options.out.resolve(), more=more, **{name: getattr(options, name) for name in names})


def _cells(options: argparse.Namespace) -> list[Cell]:
    tasks = [name for task in options.tasks for name in (tasks_for(task) or [task])]
    grid = itertools.product(
        options.models, tasks, options.modules, [*options.optimizers, *options.peers], options.seeds
    )
    cells = [Cell(*each) for each in dict.fromkeys(grid)]
    return [cell for cell in cells if not cell.is_peer or cell.module == "train_centralized"]


def _run(cell: Cell, settings: Settings, python: Path, number: str) -> str:
    """Run a cell that is not finished; return why it failed, or ""."""
    folder, started = cell.folder(settings), time.monotonic()
    if read_outcome(folder):
        return ""
    label = f"{number} {cell.name(settings)}"
    if cell.is_peer:
        if reason := missing_package(python, cell.optimizer):
            print(f"{label}: skipped: {reason}", flush=True)
            return ""
        with PromptTester(cell, settings) as tester:
            outcome, error = run_peer(cell, settings, tester, python)
    else:
        command = [sys.executable, "main.py", *cell.command(settings)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        error = "" if done.returncode in _FINISHED else (done.stderr.strip().splitlines() or ["no message"])[-1]
        if not error:
            with PromptTester(cell, settings) as tester:
                outcome = outcome_of(folder, tester.tasks)
    if not error:
        outcome.write(folder)
    print(f"{label}: {error or f'{outcome.calls} calls'}, {time.monotonic() - started:.0f} s", flush=True)
    return error


def _groups(cells: list[Cell]) -> Iterator[list[Cell]]:
    """Yield the cells that have initial prompt and test questions in common."""
    groups: dict[tuple, list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.model, cell.task, cell.module, cell.seed), []).append(cell)
    yield from groups.values()


def _tested(group: list[Cell], settings: Settings) -> Iterator[Measured]:
    """Yield the references and the finished runs of a group, tested."""
    first = group[0]
    with PromptTester(first, settings) as tester:
        initial = tester.answers(tester.initial)
        for name, prompt in tester.references().items():
            answers = [tester.answers(prompt)]
            cell = Cell(first.model, first.task, first.module, name, first.seed)
            yield Measured(cell, initial, answers, answers, simulated=tester.engines.simulated)
        for cell in group:
            if outcome := read_outcome(cell.folder(settings)):
                best, last = ([tester.answers(each) for each in prompts] for prompts in (outcome.best, outcome.last))
                yield Measured(cell, initial, best, last, outcome, tester.engines.simulated)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
