"""Read runs from their folders."""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.tasks.source import GRADED
from textgrad.text import load_json, read_json, read_json_lines, read_text
from utils.privacy.leak_guard import CHANGES, CHANGING_MODES
from utils.run_log.stored_config import read_config


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes:
        folder: of the run.
        results: the content of results.json; {} until the run is finished.
        config: the content of config.json.
        events: the lines of metrics.jsonl.
        partition: the content of partition.json; empty in folders of older versions.
        group: name of the setting if the run is one of several seeds, else "".
    """

    folder: Path
    results: dict[str, Any]
    config: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    partition: dict[str, Any] = field(default_factory=dict)
    group: str = ""

    @property
    def name(self) -> str:
        """The folder's name, with the group's name before it."""
        return f"{self.group}/{self.folder.name}" if self.group else self.folder.name

    @property
    def options(self) -> dict[str, Any]:
        """The run's options."""
        return self.config["options"]

    @property
    def tasks(self) -> str:
        """The task names; for a file, its name without folder and extension."""
        return ", ".join(Path(task).stem for task in self.options["task"])

    @property
    def calls(self) -> int:
        """Number of calls over all roles."""
        return sum(used["calls"] for used in self.results["usage"].values())

    @property
    def is_graded(self) -> bool:
        """True if a task has a graded scorer."""
        return any(data.get("scorer", "").endswith(GRADED) for data in self.results.get("data", {}).values())

    def metric(self, key: str) -> dict[str, Any] | None:
        """Return a metric as {"value", "n", "ci95"}, or None if the run lacks it."""
        return self.results["metrics"].get(key)

    def prompt(self, name: str) -> str:
        """Return the prompt in prompts/<name>.txt; "" if there is none."""
        path = self.folder / "prompts" / f"{name}.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def broadcast(self, round_number: int) -> str:
        """Return the global prompt that a round started from."""
        return self.prompt(f"round{round_number - 1:02d}_global") or self.prompt("initial")

    def is_hidden(self, round_number: int | None, client: int | None) -> bool:
        """Return True if the leak guard changed the upload of a client in a round, or may still do so."""
        if client is None or self.options.get("leak_guard") not in CHANGING_MODES:
            return False
        leaks = self._leaks.get(round_number)
        return leaks is None or leaks.get(str(client), {}).get("guard") in CHANGES

    @functools.cached_property
    def _leaks(self) -> dict[int | None, dict[str, Any]]:
        return {event["round"]: event.get("leaks", {}) for event in self.events_of("round")}

    def events_of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one kind: "step", "round" or "evaluation"."""
        return [event for event in self.events if event["event"] == kind]

    @functools.cached_property
    def steps(self) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """The events of local steps by round and client."""
        steps: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for event in self.events_of("step"):
            steps.setdefault((event["round"], event["client"]), []).append(event)
        return steps

    def correct(self, label: str) -> dict[int, dict[tuple[str, int], float]]:
        """Return the score of each test question, by client: {client: {(task, index): score in [0, 1]}}.

        The outcomes of a global prompt are those of client 0.

        Args:
            label: of the evaluation, such as "best".
        """
        outcomes: dict[int, dict[tuple[str, int], float]] = {}
        for event in self.events_of("evaluation"):
            if (event.get("of"), event.get("split")) == (label, "test"):
                by_question = outcomes.setdefault(event.get("client", 0), {})
                scores = event["correct"]
                scores = map(int, scores) if isinstance(scores, str) else scores  # a text in folders of older versions
                by_question.update({(event["task"], index): score for index, score in enumerate(scores)})
        return outcomes


def load_run(folder: Path, group: str = "", results: dict[str, Any] | None = None) -> Run:
    """Return the run of a folder.

    Args:
        folder: of the run.
        group: name of the setting if the run is one of several seeds, else "".
        results: of a run that has not ended; read from results.json by default.

    Raises:
        UsageError: the folder holds no finished run, or one of its files cannot be read.
    """
    folder = Path(folder).resolve()
    path = folder / "results.json"
    if results is None and not path.exists():
        raise UsageError(f"{folder} holds no results.json: name the folder of a finished run, such as logs/<run>")
    results = read_json(path) if results is None else results
    config = read_config(folder / "config.json")
    metrics, partition = folder / "metrics.jsonl", folder / "partition.json"
    events = read_json_lines(metrics) if metrics.exists() else []
    return Run(folder, results, config, events, read_json(partition) if partition.exists() else {}, group)


def load_unfinished(folder: Path) -> Run:
    """Return the run of a folder as far as it is: it may be finished, running or interrupted.

    Raises:
        UsageError: the folder holds no run, or one of its files cannot be read.
    """
    config, results, metrics = read_config(folder / "config.json"), folder / "results.json", folder / "metrics.jsonl"
    lines = read_text(metrics).split("\n")[:-1] if metrics.exists() else []  # the last line may be half written
    events = [load_json(line) for line in lines if line.strip()]
    return Run(folder.resolve(), read_json(results) if results.exists() else {}, config, events)


def is_run(folder: Path) -> bool:
    """Return True for the folder of a finished run."""
    return (Path(folder) / "results.json").exists()
