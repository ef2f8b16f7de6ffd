"""The run on the server's side: the same round loop, over sites that own the training data."""

import dataclasses
import importlib
import io
import json
import os
import zipfile
from base64 import b64encode
from pathlib import Path

from textgrad.errors import StopRun, UsageError
from textgrad.tasks import Examples, Task, get_task
from textgrad.tasks.records import from_jsonl
from utils.config import Config
from utils.engines.by_role import Engines, check_names, connect
from utils.federation.client import Client
from utils.federation.evaluation import Sample
from utils.federation.rounds import run_rounds
from utils.federation.setup import Federation, client_of, initial_prompt, public_text
from utils.flower.post import Post
from utils.flower.roster import Roster
from utils.flower.transport import FlowerTransport
from utils.flower.wire import ERROR, RESULTS, Record, run_options
from utils.run_log.log import RunLog
from utils.run_log.summary import results_text

LOGS_VARIABLE = "FEDTEXTGRAD_LOGS"
_HELD_OUT = ("val", "test")
_BROUGHT_BACK = (".json", ".jsonl", ".txt", ".png", ".html", ".log", ".md", ".csv")


def serve(grid, run: str) -> None:
    """One run, from what the launching side sent to a line with all results.

    Args:
        grid: Flower's.
        run: the configuration as JSON.

    Raises:
        StopRun: it cannot go on; told to the launching side in a line as well.
    """
    os.umask(0o077)
    try:
        log = train(grid, config_of(run))
    except StopRun as reason:
        print(f"{ERROR}{reason}", flush=True)
        raise  # Flower ends the run as failed; by any other way out it would wait for it
    print(RESULTS + packed(log.folder), flush=True)


def config_of(run: str) -> Config:
    """The run's configuration on this machine: its logs are the server's own.

    Raises:
        UsageError: it is none.
    """
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(run).items()}
    values["log_dir"] = os.environ.get(LOGS_VARIABLE) or str(Path(__file__).resolve().parents[2] / "logs")
    try:
        config = Config(**values)
    except TypeError as error:
        raise UsageError(f"the launching side has another version of this program: {error}") from error
    config.check()
    return config


def train(grid, config: Config) -> RunLog:
    """The whole run; returns its log.

    Raises:
        StopRun: it cannot go on.
    """
    check_names(config)
    log = RunLog(config)
    engines = connect(config, log.call_log)
    try:
        tasks = [held_out(name, config, engines) for name in config.task]
        result = run_rounds(_federation(grid, config, engines, tasks, log), log)
        summary = log.finish(result)
        log.say(results_text(summary))
        return log
    finally:
        log.close()
        engines.gateway.close()


def _federation(grid, config: Config, engines: Engines, tasks: list[Task], log: RunLog) -> Federation:
    shards = importlib.import_module(config.module).shards_of(config, tasks)
    if config.sites and not len(shards) == len(config.sites) == len(set(config.sites)):
        raise UsageError(f"--sites must name each of the run's {len(shards)} clients once")
    post = Post(grid)
    asked = what_all_are_asked(config, tasks)
    roster = Roster(post, asked, config.sites, log.say)
    roster.gather(len(shards), config.min_clients, config.flower_wait)
    clients = [_stand_in(config, engines, number, tasks, roster) for number in range(len(shards))]
    transport = FlowerTransport(config, engines.gateway, post, roster, asked)
    return Federation(config, engines, tasks, clients, initial_prompt(config, tasks), shards, transport)


def what_all_are_asked(config: Config, tasks: list[Task]) -> Record:
    """What every message says. Of a task in a file, the file's name: each site has a file of that name of its own."""
    names = [Path(name).name if name.endswith(".jsonl") else name for name in config.task]
    return {
        "options": run_options(config),
        "tasks": names,
        "scorers": [_scorer(name, config) for name in config.task],
        "public": public_text(tasks),
    }


def _stand_in(config: Config, engines: Engines, number: int, tasks: list[Task], roster: Roster) -> Client:
    """A site's client as the server knows it: how many questions it has, and not one of them."""
    known = roster.known.get(roster.names[number])
    samples = [
        Sample(task, "", f"at {roster.names[number]}")
        for task in tasks
        for _ in range(known.questions.get(task.name, 0) if known else 0)
    ]
    return client_of(config, engines, number, samples, "")


def held_out(name: str, config: Config, engines: Engines) -> Task:
    """A task with the server's validation and test questions and nothing to train on.

    Args:
        name: of a public task; or a .jsonl file of held-out questions, each of them with "split": "val" or "test".

    Raises:
        UsageError: an unknown task, or unusable data.
    """
    sizes = {"val_size": config.val_size or None, "test_size": config.test_size or None}
    if name.endswith(".jsonl"):
        task = _file_task(name, config, engines)
    else:
        task = get_task(
            name,
            engines.evaluation,
            data_dir=config.data_dir or None,
            seed=config.questions_seed,
            judge=config.judge,
            train_size=config.train_size or None,
            **sizes,
        )
    splits = {split: _first(getattr(task, split), sizes[f"{split}_size"]) for split in _HELD_OUT}
    engines.teach(pair for split in splits.values() for pair in split.examples)
    return dataclasses.replace(task, train=Examples([], task.description, task.answer_format), **splits)


def _file_task(name: str, config: Config, engines: Engines) -> Task:
    rows = from_jsonl(Path(name), ("question", "answer"))
    splits = {
        split: [(str(row["question"]), str(row["answer"])) for row in rows if row.get("split") == split]
        for split in _HELD_OUT
    }
    if not all(splits.values()) or sum(map(len, splits.values())) < len(rows):
        raise UsageError(
            f'{name} on the server must hold held-out questions only, each with "split": "val" or "test", '
            "and some of both; training questions stay at the sites"
        )
    task = get_task(
        name, engines.evaluation, seed=config.questions_seed, judge=config.judge, scorer=_scorer(name, config)
    )
    return dataclasses.replace(
        task, **{split: Examples(pairs, task.description, task.answer_format) for split, pairs in splits.items()}
    )


def _scorer(name: str, config: Config) -> str:
    """How answers to a file's questions are scored, told to all sites; "" for a public task."""
    from textgrad.tasks.user_file import kind_of

    if not name.endswith(".jsonl"):
        return ""
    return config.scorer or kind_of([str(row["answer"]) for row in from_jsonl(Path(name), ("question", "answer"))])


def _first(dataset: Examples, count: int | None) -> Examples:
    return Examples(
        [dataset[index] for index in range(min(count or len(dataset), len(dataset)))],
        dataset.description,
        dataset.answer_format,
    )


def packed(folder: Path) -> str:
    """The files of a run's folder that tell its story, as one line; replies stay on the server."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in _BROUGHT_BACK and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    return b64encode(buffer.getvalue()).decode()
