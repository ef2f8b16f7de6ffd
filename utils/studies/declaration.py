"""The parts of a study's declaration.

    STUDY = Study(
        title="Figure 2a: local steps",
        x_label="local steps",
        rows=homogeneous(),
        columns=vary("max_steps", 1, 3, 5, 10),
        claims=(Claim("Accuracy falls as local steps grow.", larger="1", smaller="10"),),
    )

A study is a grid. Each cell is one run, whose options are those of the study, of its row and of its column. Columns are
the x axis of the figure, rows its lines. A cell's key is the tuple of its labels, such as ("object counting", "10").
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from utils.studies.measures import Measure

Key = tuple[str, ...]

TASKS = {
    "object counting": "BBH_object_counting",
    "multistep arithmetic": "BBH_multistep_arithmetic_two",
    "GSM8K": "GSM8K_DSPy",
}
MODELS = {
    "Llama-3.1-8B": "ollama-llama3.1",
    "Llama-3.1-70B": "together-meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo",
    "Llama-3.1-405B": "together-meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo",
    "Llama-3.2-11B": "ollama-llama3.2-vision:11b",
    "Llama-3.2-3B": "ollama-llama3.2:3b",
    "R1-Distill-70B": "together-deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
    "Gemma-2-9B": "ollama-gemma2:9b",
    "Qwen-2-7B": "ollama-qwen2:7b",
    "GPT-4": "gpt-4",
    "GPT-4o": "gpt-4o",
}
"""The engine that stands for each model unless `--engines` names another one."""


class Arm:
    """Options that a row or a column adds to its runs.

    Args:
        measure: what is read from its runs; None for the accuracy of the best prompt.
        **options: of main.py. Engines may be models of `MODELS`.
    """

    def __init__(self, measure: Measure | None = None, **options: Any):
        self.measure, self.options = measure, options

    def __or__(self, other: "Arm") -> "Arm":
        return Arm(other.measure or self.measure, **self.options | other.options)


PAPER = Arm(
    batch_size=3,
    max_steps=3,
    max_epochs=3,
    homo_split_num=3,
    test_engine="Llama-3.1-8B",
    evaluation_engine="Llama-3.1-8B",
    aggregate_method="summarization",
    protocol="paper",
)
"""The common setting of the paper."""


@dataclass(frozen=True)
class Claim:
    """A statement, such as one of the paper, that one setting has a larger value than another.

    Attributes:
        text: one sentence.
        larger, smaller: labels that distinguish the two settings. All cells with the first label are compared with the
            cells that differ from them in this label only.
        only: labels that restrict the comparison; a cell needs one of them.
        equal: True if the claim is that both are equal.
    """

    text: str
    larger: str
    smaller: str
    only: tuple[str, ...] = ()
    equal: bool = False

    def pairs(self, keys: Mapping[Key, Any]) -> list[tuple[Key, Key]]:
        """Return the keys of the cells to compare: (larger, smaller)."""
        return [
            (key, tuple(self.smaller if label == self.larger else label for label in key))
            for key in keys
            if self.larger in key and (not self.only or set(self.only) & set(key))
        ]


@dataclass(frozen=True)
class Published:
    """A value that the paper prints, with the spread in parentheses if it has one."""

    value: float
    sd: float | None = None


@dataclass(frozen=True)
class Study:
    """One figure or table.

    Attributes:
        title: of its page.
        rows: options by label; the label is a text, or several texts such as ("UID", "GSM8K").
        columns: options by label.
        x_label: what the columns are.
        common: options and measure of all runs.
        special: further options of single cells, by key.
        published: label -> the published values of all cells with this label, in order, such as ".83 (.02) .86 - .84";
            "-" for values that are only in a figure.
        claims: what the paper concludes, or what a further study asks.
    """

    title: str
    rows: Mapping[Any, Arm]
    columns: Mapping[str, Arm]
    x_label: str
    common: Arm = PAPER
    special: Mapping[Key, Arm] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()

    @cached_property
    def cells(self) -> dict[Key, Arm]:
        """The options of each cell, by key."""
        grid = {
            (*_parts(row), column): self.common | of_row | of_column
            for row, of_row in self.rows.items()
            for column, of_column in self.columns.items()
        }
        return {key: arm | self.special.get(key, Arm()) for key, arm in grid.items()}

    @cached_property
    def varied(self) -> set[str]:
        """The options that rows, columns and special cells set."""
        arms = (*self.rows.values(), *self.columns.values(), *self.special.values())
        return {name for arm in arms for name in arm.options}

    @cached_property
    def published_values(self) -> dict[Key, Published]:
        """The published value of each cell that has one."""
        found = {}
        for label, text in self.published.items():
            keys = [key for key in self.cells if label in key]
            for key, (value, sd) in zip(keys, re.findall(r"(-|\.\d+)(?: \((\.\d+)\))?", text), strict=True):
                if value != "-":
                    found[key] = Published(float(value), float(sd) if sd else None)
        return found


def vary(option: str, *values: Any) -> dict[str, Arm]:
    """Return one column per value of an option."""
    return {f"{value}": Arm(**{option: value}) for value in values}


def homogeneous(tasks: Mapping[str, str] = TASKS) -> dict[str, Arm]:
    """Return one row per task, each split over several clients."""
    return {label: Arm(module="train_homo_fed", task=(task,)) for label, task in tasks.items()}


def heterogeneous(tasks: Mapping[str, str] = TASKS) -> Arm:
    """Return the options of one run on several tasks, one client each; its accuracy is the mean over tasks."""
    return Arm(module="train_hetero_fed", task=tuple(tasks.values()))


def cross(first: Mapping[str, Arm], second: Mapping[str, Arm]) -> dict[Key, Arm]:
    """Return one row for each combination of two labels."""
    return {
        (left, right): of_left | of_right
        for (left, of_left), (right, of_right) in itertools.product(first.items(), second.items())
    }


def _parts(label: Any) -> Key:
    return label if isinstance(label, tuple) else (label,)
