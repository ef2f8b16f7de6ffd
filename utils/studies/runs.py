"""The runs of a study: their options, names and command lines, and how they are started."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from utils.config import Config
from utils.options import command_words
from utils.program.command import Terminated
from utils.protocols import values_of
from utils.studies.declaration import MODELS, PAPER, Arm, Key, Study

_MAIN = Path(__file__).resolve().parents[2] / "main.py"
_ENGINES = ("test_engine", "evaluation_engine")
_SMOKE_TASKS = ("RG_gcd", "RG_lcm", "RG_chain_sum", "RG_basic_arithmetic")
_SMOKE_QUESTIONS = 30  # for training, unless the clients need more
_SMOKE = {"val_size": 6, "test_size": 8, "max_epochs": 1, "comet_mode": "disabled"}


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        options: options of main.py for all runs.
        smoke: replace models by the simulated engine and data by few generated questions.
        engines: engine by model, in place of `MODELS`.
        only: labels of the cells to run, such as ("1", "10"); all cells if empty.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    smoke: bool = False
    engines: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()

    def engine(self, model: str) -> str:
        """Return the engine that stands for a model of the paper; another name is an engine's own."""
        if self.smoke and model in MODELS:
            return f"simulated:seed={list(MODELS).index(model)}"
        return {**MODELS, **self.engines}.get(model, model)


@dataclass(frozen=True)
class Setting:
    """One run of a study; cells that differ only in what they measure share it.

    Attributes:
        name: of its folder.
        options: of main.py.
    """

    name: str
    options: Mapping[str, Any]

    @property
    def words(self) -> list[str]:
        """The words after main.py."""
        given = {**self.options, "run_name": self.name}
        unset = vars(Config(**values_of(str(given["protocol"]))))
        return [word for name, value in given.items() if value != unset[name] for word in command_words(name, value)]

    @property
    def folder(self) -> Path:
        """The folder of the run, or of its seeds."""
        return Path(self.options["log_dir"]) / self.name


def settings_of(study: Study, folder: Path, request: Request) -> dict[Key, Setting]:
    """Return the run of each cell that is asked for.

    Args:
        study: to run.
        folder: of all runs.
        request: the user's choices. Its options replace those of the study, except those that its rows and columns set.

    Raises:
        UsageError: an option is what the study varies, or a label of `only` is unknown.
    """
    if fixed := study.varied & request.options.keys():
        raise UsageError(f"--{min(fixed)}: the rows and columns of {study.title!r} set it; leave out the option")
    chosen = _chosen(study, request.only)
    tasks = list(dict.fromkeys(task for arm in study.cells.values() for task in arm.options["task"]))
    settings = {}
    for key in chosen:
        arm = study.cells[key]
        varied = {name: value for name, value in arm.options.items() if name in study.varied}
        options = {**arm.options, **request.options, **varied, "log_dir": str(folder)}
        options |= {name: request.engine(options[name]) for name in _ENGINES}
        if "transfer_engine" in options:
            options["transfer_engine"] = tuple(map(request.engine, options["transfer_engine"]))
        if request.smoke:
            options |= _smoke(options, tasks)
        settings[key] = Setting(name_of(arm), options)
    return settings


def name_of(arm: Arm) -> str:
    """Return the name of a run: module and tasks, then the options that differ from the paper's common setting."""
    options = dict(arm.options)
    start = f"{options.pop('module').removeprefix('train_')}_{_text(options.pop('task'))}"
    unusual = {name: value for name, value in options.items() if PAPER.options.get(name) != value}
    return re.sub(r"[^\w.+-]", "-", "_".join([start, *(f"{name}-{_text(unusual[name])}" for name in sorted(unusual))]))


def train(words: list[str]) -> int:
    """Run main.py with the words of its command line; return its exit status."""
    with subprocess.Popen([sys.executable, str(_MAIN), *words]) as process:
        try:
            return process.wait()
        except Terminated:  # ctrl-C reaches both processes, SIGTERM only this one
            process.terminate()
            raise


def _chosen(study: Study, only: tuple[str, ...]) -> list[Key]:
    """Return the keys whose labels are in `only`, on each axis for which `only` has a label."""
    axes = [set(labels) for labels in zip(*study.cells, strict=True)]
    if unknown := [label for label in only if not any(label in axis for axis in axes)]:
        known = ", ".join(dict.fromkeys(label for key in study.cells for label in key))
        raise UsageError(f"--only: {study.title!r} has no {unknown[0]!r}; its rows and columns are {known}")
    allowed = [axis & set(only) or axis for axis in axes]
    return [key for key in study.cells if all(label in axis for label, axis in zip(key, allowed, strict=True))]


def _smoke(options: Mapping[str, Any], tasks: list[str]) -> dict[str, Any]:
    config = Config(**{name: options[name] for name in ("batch_size", "homo_split_num") if name in options})
    questions = max(_SMOKE_QUESTIONS, config.batch_size * config.homo_split_num)
    replaced = dict(zip((task for task in tasks if not task.startswith(("RG_", "RULES_"))), _SMOKE_TASKS, strict=False))
    own = {"task": tuple(replaced.get(task, task) for task in options["task"]), "train_size": questions}
    surprisal = {"surprisal_model": "smollm2"} if "surprisal_model" in options else {}
    return {**_SMOKE, **own, **surprisal}


def _text(value: Any) -> str:
    return "+".join(value) if isinstance(value, tuple) else str(value)
