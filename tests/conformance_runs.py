"""Small training runs through a `ConformanceServer` that answers with the simulated engine."""

import contextlib
import json
import sqlite3
from pathlib import Path

import toy

import main
from textgrad.engine.simulated import SimulatedEngine


def taught_engine(folder: Path) -> SimulatedEngine:
    """Return a simulated engine with the answers of the task of `train` in this folder."""
    engine = SimulatedEngine("topics=4,base=0.2,skill=1")
    records = [json.loads(line) for line in toy.task_file(folder).read_text().splitlines()]
    engine.teach([(record["question"], record["answer"]) for record in records])
    return engine


def train(folder: Path, engine: str, *more: str) -> dict:
    """Run main.py with this engine in both roles, and return its results."""
    assert main.main(toy.options(folder, "--num_clients", "2", *more, engine=engine)) == main.EXIT_OK
    results = json.loads((folder / "logs" / "run" / "results.json").read_text())
    assert results["status"] == "complete" and not results["simulated"]
    return results


def count_replies(folder: Path) -> int:
    """Return the number of replies in the run's call log."""
    with contextlib.closing(sqlite3.connect(folder / "logs" / "run" / "calls.sqlite")) as log:
        return log.execute("SELECT COUNT(*) FROM calls WHERE request LIKE '%\"messages\"%'").fetchone()[0]
