"""A finished run as its folder tells it, and where runs are."""

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError


@dataclass(frozen=True)
class Run:
    """What a run's folder holds.

    Attributes:
        folder: of the run.
        results: the content of results.json.
        config: the content of config.json.
        events: the lines of metrics.jsonl.
        partition: the content of partition.json; empty in folders of older versions.
        group: the setting of which it is one seed, or "".
    """

    folder: Path
    results: dict[str, Any]
    config: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    partition: dict[str, Any] = field(default_factory=dict)
    group: str = ""

    @property
    def name(self) -> str:
        """The folder's name, after that of its group."""
        return f"{self.group}/{self.folder.name}" if self.group else self.folder.name

    @property
    def options(self) -> dict[str, Any]:
        """The run's options."""
        return self.config["options"]

    def prompt(self, name: str) -> str:
        """A prompt of the run by its file's name without .txt; "" where there is none."""
        path = self.folder / "prompts" / f"{name}.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @functools.cached_property
    def steps(self) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """By round and client the events of its local steps."""
        found: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for event in self.events:
            if event["event"] == "step":
                found.setdefault((event["round"], event["client"]), []).append(event)
        return found

    def correct(self, label: str) -> dict[int, dict[tuple[str, int], int]]:
        """For each client (0 alone where there is one global prompt) its right answers on the test questions.

        Args:
            label: whose scores, such as "best".
        """
        found: dict[int, dict[tuple[str, int], int]] = {}
        for event in self.events:
            if (event["event"], event.get("of"), event.get("split")) == ("evaluation", label, "test"):
                own = found.setdefault(event.get("client", 0), {})
                own.update({(event["task"], index): int(right) for index, right in enumerate(event["correct"])})
        return found


def load(folder: Path, group: str = "") -> Run:
    """The run in a folder, one seed of a group or not.

    Raises:
        UsageError: it holds no finished run, or a file in it cannot be read.
    """
    folder = Path(folder).resolve()
    if not (folder / "results.json").exists():
        raise UsageError(f"{folder} holds no results.json: name the folder of a run that has ended, such as logs/<run>")
    path = folder / "results.json"
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        path = folder / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        path = folder / "metrics.jsonl"
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        path = folder / "partition.json"
        partition = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return Run(folder, results, config, events, partition, group)


def find(folder: Path) -> list[Path]:
    """The folders of finished runs in a folder and one level below it, by name."""
    folder = Path(folder)
    found = {
        path.parent.resolve() for pattern in ("*/results.json", "*/*/results.json") for path in folder.glob(pattern)
    }
    return sorted(found)
