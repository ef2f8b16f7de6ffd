"""The server's tasks: validation and test questions only, because training questions stay at the sites."""

import dataclasses
from pathlib import Path

from textgrad.errors import UsageError
from textgrad.tasks import Dataset, Examples, Task
from textgrad.tasks.records import from_jsonl
from textgrad.tasks.scoring.user_function import is_function
from textgrad.tasks.splits import distinct
from textgrad.tasks.user_file import answer_of, kind_of
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.setup import load_task, sizes_of

_SPLITS = ("val", "test")


def held_out_task(name: str, config: Config, engines: Engines) -> Task:
    """Return a task without training questions.

    Args:
        name: a public task, or a .jsonl file whose questions are all marked "split": "val" or "test".
        config: options of the run.
        engines: the evaluation engine judges answers; simulated engines get the answers.

    Raises:
        UsageError: unknown task or unusable data.
    """
    scorer = scorer_of(name, config)
    if name.endswith(".jsonl"):
        task = _file_task(name, scorer, config, engines)
    else:
        task = load_task(name, scorer, config, engines, sizes_of(config))
    val, test = _first(task, task.val, config.val_size), _first(task, task.test, config.test_size)
    engines.teach([*val.examples, *test.examples])
    return dataclasses.replace(task, train=Examples([], task.description, task.answer_format), val=val, test=test)


def scorer_of(name: str, config: Config) -> str:
    """Return the name of the scorer that all sites use for a task, or "" for a public task's own scorer."""
    if not name.endswith(".jsonl"):
        return config.scorer if name.startswith("hf:") or is_function(config.scorer) else ""
    return config.scorer or kind_of([answer_of(row) for row in _rows(name)])


def _file_task(name: str, scorer: str, config: Config, engines: Engines) -> Task:
    rows = _rows(name)
    splits = {
        split: [(str(row["question"]), answer_of(row, scorer)) for row in rows if row.get("split") == split]
        for split in _SPLITS
    }
    if not all(splits.values()) or sum(map(len, splits.values())) < len(rows):
        raise UsageError(
            f"{name}: the server's file must contain held-out questions only: mark each line with "
            '"split": "val" or "split": "test", with at least one of both, and keep training questions at the sites'
        )
    splits["val"] = distinct(splits["val"])
    splits["test"] = distinct([*splits["val"], *splits["test"]])[len(splits["val"]) :]
    if not splits["test"]:
        raise UsageError(f"{name}: every test question is also a validation question: mark each question once")
    task = load_task(name, scorer, config, engines, {})
    val, test = (Examples(splits[split], task.description, task.answer_format) for split in _SPLITS)
    return dataclasses.replace(task, val=val, test=test)


def _rows(name: str) -> list[dict]:
    return list(from_jsonl(Path(name), ("question", "answer")))


def _first(task: Task, dataset: Dataset, count: int) -> Examples:
    """Return the first `count` examples; all if `count` is 0."""
    examples = [dataset[index] for index in range(min(count or len(dataset), len(dataset)))]
    return Examples(examples, task.description, task.answer_format)
