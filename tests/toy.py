"""Small runs on the simulated engine: questions with known topics, command lines, configurations, recorded engines."""

import importlib
import json
import random
import re
from pathlib import Path

from textgrad.engine.base import ChatEngine
from utils.config import Config, parse
from utils.engines.by_role import Engines, connect
from utils.federation.null_log import NullLog


def task_file(folder: Path, name: str = "sums", topics=range(4), n: int = 60, seed: int = 0) -> Path:
    """Write a .jsonl task of sums, in which each question names its topic, and return its path."""
    rng = random.Random(seed)
    topics = list(topics)
    path = folder / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(n):
            left, right = rng.randrange(1000), rng.randrange(1000)
            question = f"[topic-{topics[number % len(topics)]}] {name}: what is {left} + {right}?"
            file.write(json.dumps({"question": question, "answer": str(left + right)}) + "\n")
    return path


def options(
    folder: Path, *more: str, module: str = "train_homo_fed", tasks=None, engine: str = "simulated:topics=4"
) -> list[str]:
    """Return the command line of a small run in `folder`; later options override earlier ones.

    The methods are textual gradient descent and summarization, whatever the defaults are: most tests are about a run in
    which every step has a rewrite and every merge has a request.
    """
    tasks = tasks or [task_file(folder)]
    return [
        "--module",
        module,
        "--task",
        *map(str, tasks),
        "--test_engine",
        engine,
        "--evaluation_engine",
        engine,
        "--comet_mode",
        "disabled",
        "--log_dir",
        str(folder / "logs"),
        "--run_name",
        "run",
        "--rounds",
        "2",
        "--local_steps",
        "2",
        "--train_size",
        "18",
        "--val_size",
        "8",
        "--test_size",
        "10",
        *("--optimizer", "tgd", "--accept", "not_worse", "--no_skip_solved", "--aggregate_method", "summarization"),
        *more,
    ]


def config(folder: Path, *more: str, **kwargs) -> Config:
    """Return the configuration of a small run."""
    return parse(options(folder, *more, **kwargs))


class Recording(ChatEngine):
    """Wraps an engine and records the messages of every request."""

    def __init__(self, engine):
        self.engine, self.requests = engine, []
        self.model_string, self.endpoint = engine.model_string, engine.endpoint
        self.teach = engine.teach

    def complete(self, messages, sampling):
        self.requests.append(messages)
        return self.engine.complete(messages, sampling)

    def systems(self) -> list[str]:
        """Return the system prompts of all requests."""
        return [message["content"] for messages in self.requests for message in messages if message["role"] == "system"]


def recorded(config: Config) -> tuple[Engines, Recording, Recording]:
    """Return the engines of a run with an in-memory call log, and the recorders of its test and evaluation engine."""
    engines = connect(config, ":memory:")
    test, evaluation = Recording(engines.test.engine), Recording(engines.evaluation.engine)
    for route in {id(route): route for route in (engines.test, *engines.clients)}.values():
        route.engine = test
    engines.evaluation.engine = evaluation
    return engines, test, evaluation


class Recorder(NullLog):
    """A log that stores the federation and the rounds."""

    def open(self, federation):
        self.federation, self.rounds = federation, []

    def round(self, finished, validation):
        self.rounds.append(finished)


def train(config: Config, prepare=lambda engines, test, evaluation: None):
    """Run a configuration in memory.

    Args:
        config: of the run.
        prepare: changes the engines before the run.

    Returns:
        The result, the federation, and the recorders of the test and the evaluation engine.
    """
    engines, test, evaluation = recorded(config)
    prepare(engines, test, evaluation)
    log = Recorder()
    result = importlib.import_module(config.module).run_training(config, engines, log)
    return result, log.federation, test, evaluation


def story(folder: Path) -> dict[str, bytes]:
    """Return the files of a run folder that depend only on seed and replies, by path, without times."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".txt", ".jsonl", ".svg")
    }
    return files | {"results.json": without_times((folder / "results.json").read_text()).encode()}


def error_lines(errors: str) -> list[str]:
    """Return the lines of standard error, without the progress that a run of more than 30 seconds prints."""
    return [line for line in errors.splitlines() if line and not re.search("call/s|s/call", line)]


def without_times(results: str) -> str:
    """Return the text of a results.json with its seconds and its date set to zero."""
    return re.sub(r'"date": "[^"]*"', '"date": ""', re.sub(r'"seconds": [\d.e-]+', '"seconds": 0', results))
