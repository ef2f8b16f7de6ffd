"""Test prompts: every prompt of every run answers the same questions, and equal requests are paid for once."""

import dataclasses
from collections.abc import Mapping

from tests.benchmarks.gain.grid import Cell, Settings
from textgrad.tasks.registry import source_of
from utils.config import parse
from utils.engines.by_role import connect
from utils.federation.evaluation import evaluate, samples_of
from utils.federation.setup import initial_prompt, load_tasks

Answers = Mapping[tuple[int, str, int], int]  # (seed, task, index) -> 1 or 0


class PromptTester:
    """The test questions of a cell, and its model. Options of its optimizer do not change the test.

    Attributes:
        tasks: of the cell.
        initial: its initial prompt.
    """

    def __init__(self, cell: Cell, settings: Settings):
        self.config = parse(dataclasses.replace(cell, optimizer="tgd").options(settings))
        settings.out.mkdir(parents=True, exist_ok=True)
        self.engines = connect(self.config, settings.out / "tests.sqlite")
        self.tasks = load_tasks(self.config, self.engines)
        self.initial = initial_prompt(self.config, self.tasks)
        self._seed, self._examples = cell.seed, settings.examples

    def __enter__(self) -> "PromptTester":
        return self

    def __exit__(self, *_) -> None:
        self.engines.gateway.close()

    def answers(self, prompt: str) -> Answers:
        """Return 1 or 0 per test question under a prompt."""
        found = {}
        for task in self.tasks:
            samples = samples_of(task, "test")
            score = evaluate(self.engines.test, prompt, task, samples, self.config.max_concurrency)
            found |= {(self._seed, task.name, index): right for index, right in enumerate(score.correct)}
        return found

    def references(self) -> dict[str, str]:
        """Return prompts that no optimizer wrote, by name."""
        found = {"initial prompt": self.initial}
        source = source_of(self.tasks[0].name) if self.config.task[0].startswith("RULES_") else None
        if source is not None:
            found["house rules, written by hand"] = source.house_rules(self.tasks[0].name)
        pairs = [task.train[index] for index in range(self._examples) for task in self.tasks if index < len(task.train)]
        lines = [f"Question: {question}\nAnswer: {answer}" for question, answer in pairs[: self._examples]]
        found[f"{len(lines)} training examples, pasted"] = "\n\n".join([self.initial, *lines])
        return found
