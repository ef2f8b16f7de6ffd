"""Read finished runs from their folders."""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.tasks.source import GRADED
from textgrad.text import read_json, read_json_lines
from utils.run_log.stored_config import read_config


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: of the run.
        results: the content of results.json.
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

    @functools.cached_property
    def steps(self) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """The events of local steps by round and client."""
        steps: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for event in self.events:
            if event["event"] == "step":
                steps.setdefault((event["round"], event["client"]), []).append(event)
        return steps

    def correct(self, label: str) -> dict[int, dict[tuple[str, int], float]]:
        """Return the score of each test question, by client: {client: {(task, index): score in [0, 1]}}.

        The outcomes of a global prompt are those of client 0.

        Args:
            label: of the evaluation, such as "best".
        """
        outcomes: dict[int, dict[tuple[str, int], float]] = {}
        for event in self.events:
            if (event["event"], event.get("of"), event.get("split")) == ("evaluation", label, "test"):
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


def is_run(folder: Path) -> bool:
    """Return True for the folder of a finished run."""
    return (Path(folder) / "results.json").exists()
