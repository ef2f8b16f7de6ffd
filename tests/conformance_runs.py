"""Small training runs through a `ConformanceServer`, whose brain is the simulated engine: it can learn."""

import contextlib
import json
import sqlite3
from pathlib import Path

import toy

import main
from textgrad.engine.simulated import SimulatedEngine


def brain(folder: Path) -> SimulatedEngine:
    """An engine that knows the answers of the task that `trained` trains on in this folder."""
    engine = SimulatedEngine("topics=4,base=0.2,skill=1")
    records = [json.loads(line) for line in toy.task_file(folder).read_text().splitlines()]
    engine.teach([(record["question"], record["answer"]) for record in records])
    return engine


def trained(folder: Path, engine: str, *more: str) -> dict:
    """The results of a whole run of main.py with this engine in both roles."""
    assert main.main(toy.options(folder, "--num_clients", "2", *more, engine=engine)) == main.EXIT_OK
    results = json.loads((folder / "logs" / "run" / "results.json").read_text())
    assert results["status"] == "complete" and not results["simulated"]
    return results


def replies(folder: Path) -> int:
    """How many replies the run's call log holds."""
    with contextlib.closing(sqlite3.connect(folder / "logs" / "run" / "calls.sqlite")) as log:
        return log.execute("SELECT COUNT(*) FROM calls WHERE request LIKE '%\"messages\"%'").fetchone()[0]
