"""Read the files of a run that may still be running."""

import functools
from pathlib import Path
from typing import Any

from textgrad.text import load_json, read_json, read_text
from utils.privacy.leak_guard import CHANGES, CHANGING_MODES
from utils.run_log.stored_config import read_config


class RunFiles:
    """The files of one run, each read once.

    Args:
        folder: of the run.

    Raises:
        UsageError: the folder holds no run.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.config = read_config(folder / "config.json")

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the lines of metrics.jsonl of one kind: "step", "round" or "evaluation"."""
        return [event for event in self._events if event["event"] == kind]

    @functools.cached_property
    def _events(self) -> list[dict[str, Any]]:
        path = self.folder / "metrics.jsonl"
        lines = (
            read_text(path).split("\n")[:-1] if path.exists() else []
        )  # what follows the last line end is unfinished
        return [load_json(line) for line in lines if line.strip()]

    @functools.cached_property
    def results(self) -> dict[str, Any]:
        """The content of results.json; empty before the run ends."""
        path = self.folder / "results.json"
        return read_json(path) if path.exists() else {}

    def header(self) -> dict[str, Any]:
        """Return name, module, tasks, engines and status."""
        options = self.config["options"]
        engines = {role: engine["model"] for role, engine in self.config.get("engines", {}).items()}
        return {
            "name": self.folder.resolve().name,
            "module": options["module"],
            "tasks": options["task"],
            "engines": engines,
            "status": self.results.get("status", "not finished"),
            "simulated": any(model.startswith("simulated") for model in engines.values()),
        }

    def prompt(self, name: str) -> str:
        """Return the prompt in prompts/<name>.txt; "" if there is none."""
        path = self.folder / "prompts" / f"{name}.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def broadcast(self, round_number: int) -> str:
        """Return the global prompt that a round started from."""
        return self.prompt(f"round{round_number - 1:02d}_global") or self.prompt("initial")

    def is_hidden(self, round_number: int | None, client: int | None) -> bool:
        """Return True if the leak guard changed the upload of a client in a round, or may still do so."""
        if client is None or self.config["options"].get("leak_guard") not in CHANGING_MODES:
            return False
        leaks = self._leaks.get(round_number)
        return leaks is None or leaks.get(str(client), {}).get("guard") in CHANGES

    @functools.cached_property
    def _leaks(self) -> dict[int | None, dict[str, Any]]:
        return {event["round"]: event.get("leaks", {}) for event in self.events("round")}
