"""Whole runs against a faulty chat server, whose good answers come from the simulated engine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import toy
from fault_server import FaultServer

import main
from textgrad.engine.base import Sampling
from textgrad.engine.simulated import SimulatedEngine

KEY = "sk-marked-key-0123456789"


def simulated(task: Path) -> Callable[[dict], str]:
    """Return a function that answers a chat request like the simulated engine that knows a task's questions."""
    engine = SimulatedEngine("topics=4")
    records = [json.loads(line) for line in task.read_text().splitlines()]
    engine.teach((record["question"], record["answer"]) for record in records)
    return lambda request: engine.complete(request["messages"], Sampling(max_tokens=request["max_tokens"])).text


class Runs:
    """Runs of main.py in this process on one task, each with a server of its own.

    Args:
        folder: parent of all files.
        monkeypatch, capsys: pytest's.
    """

    def __init__(self, folder: Path, monkeypatch, capsys):
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.task = toy.task_file(folder)
        self.reply = simulated(self.task)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def __call__(self, name: str, *options: str, **faults: Any) -> tuple[int, str, FaultServer]:
        """Run once. Return the exit status, standard error, and the server with its requests."""
        with FaultServer(self.reply, **faults) as server:
            self.monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            arguments = toy.options(
                self.folder,
                "--run_name",
                name,
                "--max_concurrency",
                "8",
                *options,
                tasks=[self.task],
                engine="openai-x",
            )
            status = main.main(arguments)
        return status, self.capsys.readouterr().err, server

    def path(self, name: str) -> Path:
        """Return a run's folder."""
        return self.folder / "logs" / name

    def results(self, name: str) -> dict[str, Any]:
        """Return the content of a run's results.json."""
        return json.loads((self.path(name) / "results.json").read_text())

    def story(self, name: str) -> dict[str, str]:
        """Return the files of a run without times."""
        files = {
            path.relative_to(self.path(name)).as_posix(): path.read_text()
            for path in sorted(self.path(name).rglob("*"))
            if path.suffix in (".txt", ".jsonl")
        }
        return files | {"results.json": toy.without_times((self.path(name) / "results.json").read_text())}

    def prompts(self, name: str) -> dict[str, str]:
        """Return all prompts in a run's folder."""
        return {path.name: path.read_text() for path in (self.path(name) / "prompts").glob("*.txt")}
