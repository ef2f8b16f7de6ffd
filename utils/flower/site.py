"""One client on the machine that has its data. The site's --node-config names its data and engines, the server sends
the options of the run.

Example: --node-config "name='site-a' data='/private/a' engine='ollama-llama3.1'". The folder `data` contains
<task>.jsonl, with one object per line that has a "question" and an "answer", and metric.py if the run has a --scorer
metric.py:score. Lines with "split": "val" are validation questions, which only score candidates. The site's call log
and steps are in the folder `logs`, so that a restarted site pays for no reply twice. Keys come from the site's
environment.
"""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

from textgrad.concurrency import scope
from textgrad.errors import UsageError, unknown
from textgrad.tasks import Examples, Task
from textgrad.tasks.records import from_jsonl
from textgrad.tasks.scoring.user_function import is_function
from textgrad.tasks.splits import Example, distinct
from textgrad.tasks.user_file import answer_of
from textgrad.text import normalize_word, read_json
from utils.aggregation.client_scores import Counts, Vote
from utils.config import Config, option_field
from utils.engines.by_role import Engines, connect
from utils.federation.client import Client
from utils.federation.evaluation import prompt_id, samples_of
from utils.federation.setup import create_client, load_task, sizes_of
from utils.federation.transport import LocalTransport
from utils.federation.update import NoUpload, Update
from utils.files import atomic_write, keep_files_private, to_json
from utils.flower.records import Record, count, decode_options, decode_text, encode_scores, encode_update
from utils.options import check_value
from utils.run_log.identity import fingerprint
from utils.run_log.lock import FolderLock
from utils.run_log.trace import Trace

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
_OF_HUB = ("columns", "splits")  # in --node-config one text each
_REQUIRED = ("name", "data", "engine")
_CONSENTS = ("allow_code", "share_examples")  # what only the owner of the data may allow
_ENTRIES = (*_REQUIRED, "evaluation_engine", "logs", "data_dir", *_CONSENTS, *_OF_HUB, *_LIMITS)


@dataclass(frozen=True)
class Site:
    """A site's own settings.

    Attributes:
        name: identifies the site in the run, also after a restart.
        data: folder of its private questions.
        logs: folder of its call logs.
        options: its engines and limits, as options of `Config`.
    """

    name: str
    data: Path
    logs: Path
    options: dict[str, Any]

    @classmethod
    def from_node_config(cls, entries: Mapping[str, Any]) -> "Site":
        """Return the site that a node's --node-config describes.

        Raises:
            UsageError: an entry is missing or unknown.
        """
        entries = {key: normalize_word(value) if isinstance(value, str) else value for key, value in entries.items()}
        for key in entries:
            if key not in _ENTRIES:
                raise unknown("entry of --node-config", key, _ENTRIES)
        for key in _REQUIRED:
            if not entries.get(key):
                raise UsageError(f"--node-config: {key} is missing; it needs name='...' data='...' engine='...'")
        data = Path(entries["data"])
        options = {
            key: check_value(option_field(key), entries[key], f"--node-config: {key}")
            for key in ("data_dir", *_CONSENTS, *_LIMITS)
            if key in entries
        }
        options |= {key: tuple(str(entries[key]).split()) for key in _OF_HUB if key in entries}
        options["test_engine"] = entries["engine"]
        # The judge and critic also see private questions, so the site chooses that engine, never the server.
        options["evaluation_engine"] = entries.get("evaluation_engine") or entries["engine"]
        return cls(str(entries["name"]), data, Path(entries.get("logs") or data / "logs"), options)


def introduce(node_config: Mapping[str, Any], request: Record) -> Record:
    """Return the site's name and its number of training questions per task."""
    site = Site.from_node_config(node_config)
    counts = Counter(sample.task.name for sample in _LocalTraining(site, request, client=0).client.samples)
    return {"name": site.name, "tasks": list(counts), "questions": list(counts.values())}


def train(node_config: Mapping[str, Any], request: Record) -> Record:
    """Train locally for one round. Return the upload, or the kind of failure."""
    training = _LocalTraining(Site.from_node_config(node_config), request, count(request["client"]))
    seconds = check_value(option_field("round_deadline"), request["seconds"], "seconds left in the round")
    answer = training.run(decode_text(request["prompt"]), count(request["round"]), seconds or None)
    return encode_update(answer) if isinstance(answer, Update) else _failure(answer)


def score(node_config: Mapping[str, Any], request: Record) -> Record:
    """Score candidate prompts on the site's validation questions. Return the counts or vote, or the kind of failure."""
    training = _LocalTraining(Site.from_node_config(node_config), request, count(request["client"]))
    answer = training.score(list(map(decode_text, request["prompts"])), count(request["round"]))
    return _failure(answer) if isinstance(answer, NoUpload) else encode_scores(answer)


def _failure(answer: NoUpload) -> Record:
    return {"failed": answer.kind or str(answer.reason)}


class _LocalTraining:
    """The client of one message, with its engines and its run folder."""

    def __init__(self, site: Site, request: Record, client: int):
        keep_files_private()
        self.config = _config(site, request)
        self.folder = site.logs / _file_name(self.config.run_name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.engines = connect(self.config, self.folder / "calls.sqlite")
        self.client = self._client(site, request, client)
        self._check_data(site)

    def _client(self, site: Site, request: Record, number: int) -> Client:
        samples, validation = [], []
        for name, sent in zip(request["tasks"], request["scorers"], strict=True):
            scorer = str(site.data / _file_name(sent)) if is_function(sent) else sent  # a metric of the site's own
            path = site.data / f"{_file_name(Path(name).stem)}.jsonl"
            if path.exists():
                task = _private_task(name, path, scorer, self.engines, self.config)
                samples += samples_of(task, "train")
                validation += samples_of(task, "val")
        if not samples:
            names = ", ".join(f"{Path(name).stem}.jsonl" for name in request["tasks"])
            raise UsageError(f"{site.data} contains no questions for this run: add at least one of {names}")
        self.engines.teach((sample.question, sample.answer) for sample in (*samples, *validation))
        return create_client(self.config, self.engines, number, samples, request["public"], validation)

    def _check_data(self, site: Site) -> None:
        """Compare the questions with those at the start of the run; their fingerprints stay at the site.

        Raises:
            UsageError: they have changed.
        """
        questions: dict[str, list[tuple[str, str]]] = {}
        for sample in (*self.client.samples, *self.client.validation):
            questions.setdefault(sample.task.name, []).append((sample.question, sample.answer))
        now = {task: fingerprint(pairs) for task, pairs in sorted(questions.items())}
        path = self.folder / "data.json"
        before = read_json(path) if path.exists() else now
        if before != now:
            changed = ", ".join(
                f"{task}.jsonl" for task in sorted({*before, *now}) if before.get(task) != now.get(task)
            )
            raise UsageError(
                f"{changed} in {site.data} changed since the run {self.config.run_name} began: restore the old data, "
                "or start another run"
            )
        atomic_write(path, to_json(now, indent=2) + "\n")

    @contextlib.contextmanager
    def working(self, round_number: int) -> Iterator[None]:
        """Lock the folder and record the requests of a round inside the block.

        An earlier message of this run may still be running; its replies are then reused, not paid for twice.
        """
        gateway = self.engines.gateway
        assert gateway.call_log is not None
        lock = FolderLock(self.folder)
        lock.acquire()
        try:
            trace = Trace(gateway.call_log, self.config.run_name)
            gateway.on_reply = trace.record
            with scope(round=round_number):
                yield
            trace.flush()
        finally:
            lock.release()

    def run(self, prompt: str, round_number: int, seconds: float | None) -> Update | NoUpload:
        """Return the client's update, or why there is none, as on one machine."""
        gateway = self.engines.gateway
        with self.working(round_number):
            (answer,) = LocalTransport(self.config).exchange(round_number, [self.client], [prompt], seconds)
        if isinstance(answer, Update):
            record = {"round": round_number, "client": self.client.number, "update": dataclasses.asdict(answer)}
            atomic_write(self.folder / f"round{round_number:02d}.json", to_json(record, indent=2) + "\n")
            gateway.close()
        return answer

    def score(self, prompts: list[str], round_number: int) -> Counts | Vote | NoUpload:
        """Return the client's counts or vote, or why there is none, as on one machine.

        A vote is drawn from the system's randomness, which the server cannot know. The call log keeps it, so that the
        same candidates get the same vote again: a repeated question would average the noise out.
        """
        gateway, key = self.engines.gateway, {"vote": list(map(prompt_id, prompts))}
        with self.working(round_number):
            answer: Counts | Vote | NoUpload
            if (stored := gateway.get_metadata(key)) is not None:
                answer = Vote(stored)
            else:
                (answer,) = LocalTransport(self.config, SystemRandom()).score(round_number, [self.client], prompts)
                if isinstance(answer, Vote):
                    gateway.put_metadata(key, answer.candidate)
        gateway.close()
        return answer


def _config(site: Site, request: Record) -> Config:
    options = {**decode_options(request["options"]), "module": "train_hetero_fed"}  # allows any number of tasks
    config = Config(task=tuple(request["tasks"]), runtime="flower", **options, **site.options)
    config.check()
    return config


def _private_task(name: str, path: Path, scorer: str, engines: Engines, config: Config) -> Task:
    """Return a task with the questions of the site's file, in its order: those marked "val", and others to train."""
    lines: dict[str, list[Example]] = {"train": [], "val": []}
    for row in from_jsonl(path, ("question", "answer")):
        lines["val" if row.get("split") == "val" else "train"].append((str(row["question"]), answer_of(row, scorer)))
    rows = distinct(lines["train"])
    held_out = distinct([*rows, *lines["val"]])[len(rows) :]
    if name.endswith(".jsonl"):
        task = load_task(str(path), scorer, config, engines, {})
    else:
        task = load_task(name, scorer, config, engines, sizes_of(config))
    train, val, test = (Examples(each, task.description, task.answer_format) for each in (rows, held_out, []))
    return dataclasses.replace(task, train=train, val=val, test=test)


def _file_name(name: str) -> str:
    """Return a name that the server sent, if it cannot lead out of its folder.

    Raises:
        UsageError: it is empty, hidden, or contains a path.
    """
    if Path(name).name != name or name.startswith(".") or not name:
        raise UsageError(f"invalid file name {name!r}: expected a name without a path that does not start with a dot")
    return name
