"""One client where its data is: made from what the site says of itself and from what the run asks for.

A site says on the command line of its node: --node-config "name='site-a' data='/private/a' engine='ollama-llama3.1'".
Its folder `data` holds <task>.jsonl, an object with "question" and "answer" a line. Its own call log and steps are kept
in `logs`, so that a site that is restarted pays for nothing twice. Keys come from the site's environment.
"""

import dataclasses
import fcntl
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textgrad.concurrency import scope
from textgrad.errors import UsageError, unknown
from textgrad.tasks import Examples, Task, get_task
from textgrad.tasks.records import from_jsonl
from utils.config import Config
from utils.engines.by_role import Engines, connect
from utils.federation.client import Client, Update
from utils.federation.evaluation import samples_of
from utils.federation.setup import client_of
from utils.federation.transport import LocalTransport
from utils.files import atomic_write, to_json
from utils.flower.wire import Record, read_run_options, to_text, upload

_LIMITS = (
    "max_concurrency",
    "requests_per_minute",
    "request_timeout",
    "max_retries",
    "max_consecutive_failures",
    "max_calls",
    "max_tokens_total",
    "max_cost",
)
_OWN = ("name", "data", "engine", "evaluation_engine", "logs", "data_dir", *_LIMITS)


@dataclass(frozen=True)
class Site:
    """What a site says of itself.

    Attributes:
        name: by which the run knows it, also after a restart.
        data: folder with its private questions.
        logs: folder for its own call logs.
        options: its part of the configuration: engines and limits.
    """

    name: str
    data: Path
    logs: Path
    options: dict[str, Any]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Site":
        """The site that a node's configuration describes.

        Raises:
            UsageError: something is missing or unknown.
        """
        for key in said:
            if key not in _OWN:
                raise unknown("entry of --node-config", key, _OWN)
        for key in ("name", "data", "engine"):
            if not said.get(key):
                raise UsageError(f"--node-config: {key} is missing; it needs name='...' data='...' engine='...'")
        data = Path(said["data"])
        options = {key: said[key] for key in ("data_dir", *_LIMITS) if key in said}
        options["test_engine"] = said["engine"]
        # Judging and criticizing show private questions to an engine as well: the site's choice, never the run's.
        options["evaluation_engine"] = said.get("evaluation_engine") or said["engine"]
        return cls(str(said["name"]), data, Path(said.get("logs") or data / "logs"), options)


def introduce(said: Mapping[str, Any], asked: Record) -> Record:
    """The answer to a hello: the site's name, and how many questions it has of each task."""
    site = Site.of(said)
    held = Counter(sample.task.name for sample in _Work(site, asked, 0).client.samples)
    return {"name": site.name, "tasks": list(held), "questions": list(held.values())}


def train(said: Mapping[str, Any], asked: Record) -> Record:
    """One round's local training; the answer is the upload, or the kind of what prevented it."""
    work = _Work(Site.of(said), asked, int(asked["client"]))
    with work.alone():
        answer = work.train(to_text(asked["prompt"]), int(asked["round"]), float(asked["seconds"]) or None)
    if isinstance(answer, Update):
        return upload(answer)
    return {"failed": answer.partition(":")[2].partition(":")[0].strip() or answer}


class _Work:
    """The client of one message, with its engines and its folder."""

    def __init__(self, site: Site, asked: Record, number: int):
        os.umask(0o077)
        self.config = Config(task=tuple(asked["tasks"]), **read_run_options(asked["options"]), **site.options)
        self.config = dataclasses.replace(self.config, module="train_hetero_fed")  # a site may hold any of the tasks
        self.config.check()
        self.folder = site.logs / _plain(self.config.run_name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.engines = connect(self.config, self.folder / "calls.sqlite")
        self.client = self._client(site, asked, number)

    def _client(self, site: Site, asked: Record, number: int) -> Client:
        samples = []
        for name, scorer in zip(asked["tasks"], asked["scorers"], strict=True):
            path = site.data / f"{_plain(Path(name).stem)}.jsonl"
            if path.exists():
                task = _private_task(name, path, scorer, self.engines, self.config)
                samples += samples_of(task, task.train)
        if not samples:
            raise UsageError(f"{site.data} holds no questions of any task of the run: {', '.join(asked['tasks'])}")
        self.engines.teach((sample.question, sample.answer) for sample in samples)
        return client_of(self.config, self.engines, number, samples, asked["public"])

    def alone(self):
        """Waits until no earlier message of this run is at work in the folder: what it pays for is not paid twice."""
        lock = open(self.folder / ".lock", "w", encoding="ascii")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def train(self, prompt: str, round_number: int, seconds: float | None) -> Update | str:
        """The client's update, by way of the transport of one machine."""
        with scope(round=round_number):
            (answer,) = LocalTransport(self.config).exchange(round_number, [self.client], [prompt], seconds)
        if isinstance(answer, Update):
            kept = {"round": round_number, "client": self.client.number, "update": dataclasses.asdict(answer)}
            atomic_write(self.folder / f"round{round_number:02d}.json", to_json(kept, indent=2) + "\n")
            self.engines.gateway.close()
        return answer


def _private_task(name: str, path: Path, scorer: str, engines: Engines, config: Config) -> Task:
    """A task whose training questions are a site's own, all of them in the order of the file."""
    rows = [(str(row["question"]), str(row["answer"])) for row in from_jsonl(path, ("question", "answer"))]
    if name.endswith(".jsonl"):
        task = get_task(str(path), engines.evaluation, seed=config.questions_seed, judge=config.judge, scorer=scorer)
    else:
        task = get_task(
            name,
            engines.evaluation,
            data_dir=config.data_dir or None,
            seed=config.questions_seed,
            judge=config.judge,
            train_size=config.train_size or None,
            val_size=config.val_size or None,
            test_size=config.test_size or None,
        )
    empty = Examples([], task.description, task.answer_format)
    return dataclasses.replace(task, train=Examples(rows, task.description, task.answer_format), val=empty, test=empty)


def _plain(name: str) -> str:
    """The name of a file or folder that cannot lead elsewhere."""
    if Path(name).name != name or name.startswith(".") or not name:
        raise UsageError(f"{name!r} is no plain name")
    return name
