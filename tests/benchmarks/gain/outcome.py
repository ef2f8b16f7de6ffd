"""What a run hands over to the table: its prompts, its calls and its steps."""

import json
import sqlite3
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from textgrad.tasks import Task
from textgrad.text import read_json, read_json_lines
from utils.federation.evaluation import prompt_id, samples_of

FILE = "outcome.json"


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Attributes:
        best, last: prompts after training: one, or one per client in local-only training.
        calls: number of calls, without the test.
        tokens: of these calls, requests and replies together.
        steps: number of local steps, by result and reason.
        merges: number of merges by what became of them, if not simply adopted.
    """

    best: list[str]
    last: list[str]
    calls: int
    tokens: int
    steps: dict[str, int] = field(default_factory=dict)
    merges: dict[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the outcome; its file marks a run as finished."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read_outcome(folder: Path) -> Outcome | None:
    """Return the outcome of a finished run, or None."""
    path = folder / FILE
    return Outcome(**read_json(path)) if path.exists() else None


def outcome_of(folder: Path, tasks: list[Task]) -> Outcome:
    """Return the outcome of a run of main.py in a folder.

    Args:
        folder: of the run; it may have been stopped by its cap.
        tasks: of the run, with all test questions.
    """
    results, events = read_json(folder / "results.json"), read_json_lines(folder / "metrics.jsonl")
    steps: Counter[str] = Counter()
    merges: Counter[str] = Counter()
    for event in events:
        if event["event"] == "step":
            steps[
                event["result"] + _short(event["reason"] if event["result"] not in ("accepted", "unchanged") else "")
            ] += 1
        elif event["event"] == "round":
            merge = event["merge"] or {"fallbacks": [], "flaws": []}
            merges.update(f"fallback: {fallback}" for fallback in merge["fallbacks"])
            merges.update(f"rejected{_short(flaw)}" for flaw in merge["flaws"])
            merges.update([f"kept old{_short(event['kept_old'])}"] if event["kept_old"] else [])
    calls, tokens = _usage(folder / "calls.sqlite", tasks)
    best, last = (_prompts(folder, results, number) for number in (results["best_round"], -1))
    return Outcome(best, last, calls, tokens, dict(steps), dict(merges))


def _short(reason: str) -> str:
    """Return a reason without its figures, so that equal reasons are counted together."""
    text = reason.split(":")[0].strip()
    return f": {text}" if text else ""


def _prompts(folder: Path, results: dict[str, Any], number: int) -> list[str]:
    """Return the prompts of a round: one, or one per client."""
    ids = results["rounds"][number]["prompts"]
    texts = [path.read_text(encoding="utf-8") for path in sorted((folder / "prompts").glob("*.txt"))]
    by_id = {prompt_id(text): text for text in [*results["prompts"].values(), *texts]}
    return [by_id[each] for each in ids]


def _usage(path: Path, tasks: list[Task]) -> tuple[int, int]:
    """Return the number of calls and tokens in a call log, without answers to test questions."""
    tested = {task.query(sample.question) for task in tasks for sample in samples_of(task, "test")}
    calls = tokens = 0
    query = (
        "SELECT request, prompt_tokens, completion_tokens FROM calls WHERE json_extract(request, '$.messages') NOT NULL"
    )
    with sqlite3.connect(path) as database:
        for request, asked, replied in database.execute(query):
            if json.loads(request)["messages"][-1]["content"] not in tested:
                calls, tokens = calls + 1, tokens + (asked or 0) + (replied or 0)
    return calls, tokens
