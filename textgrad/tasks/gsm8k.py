"""GSM8K: grade-school word problems with whole-number answers (Cobbe et al., 2021, arXiv 2110.14168).

Read from `gsm8k/{train,test}.jsonl` in the data folder, else from the Hugging Face hub (openai/gsm8k).
"""

import random
from pathlib import Path

from textgrad.errors import UsageError
from textgrad.tasks.base import Examples
from textgrad.tasks.records import from_hub, from_jsonl
from textgrad.tasks.scoring.answers import number
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest, answer_line, data_folder, own_copy_hint
from textgrad.tasks.splits import Example, Splits, distinct

NAMES = ("GSM8K", "GSM8K_DSPy")
DESCRIPTION = "Solve a word problem about everyday quantities. Think step by step."
ANSWER_FORMAT = answer_line("a number")


def load(request: TaskRequest) -> TaskData:
    """Return the data of "GSM8K" (all of it) or "GSM8K_DSPy" (the 250 examples of TextGrad's task of that name).

    Raises:
        UsageError: a data file is unusable.
        BrokenSystem: no data file, and the hub is unreachable.
    """
    train, test = (_official(split, request.data_dir) for split in ("train", "test"))
    test = distinct([*train, *test])[len(train) :]
    splits = _dspy(train, test) if request.name == "GSM8K_DSPy" else _full(train, test, request.seed)
    return TaskData(splits, DESCRIPTION, ANSWER_FORMAT, ignore_question(number), "number")


def _full(train: list[Example], test: list[Example], seed: int) -> Splits:
    """Return the official test set, with a seeded tenth of the official training data as validation."""
    chosen = set(random.Random(seed).sample(range(len(train)), max(1, len(train) // 10)))
    return (
        [example for index, example in enumerate(train) if index not in chosen],
        [train[index] for index in sorted(chosen)],
        test,
    )


def _dspy(train: list[Example], test: list[Example]) -> Splits:
    """Return 50, 100 and 100 examples at fixed positions of the shuffled official data, whatever the seed."""
    for label, needed, examples in (("train", 300, train), ("test", 400, test)):
        if len(examples) < needed:
            raise UsageError(
                f"GSM8K_DSPy needs {needed} official {label} examples, but there are {len(examples)}: "
                "use GSM8K, or your own file"
            )
        random.Random(0).shuffle(examples)
    return train[:50], train[200:300], test[300:400]


def _official(split: str, data_dir: Path | None) -> list[Example]:
    name = f"gsm8k/{split}.jsonl"
    file = data_dir / name if data_dir else None
    if file and file.is_file():
        records = from_jsonl(file, ("question", "answer"))
    else:
        hint = own_copy_hint(data_dir, "gsm8k/train.jsonl", "gsm8k/test.jsonl")
        records = from_hub("openai/gsm8k", "main", split, hint)
    for index, record in enumerate(records, 1):
        if "####" not in str(record["answer"]):
            raise UsageError(f"{file or 'openai/gsm8k'}, example {index}: the answer lacks '####' and the result")
    return distinct(
        [(str(record["question"]), str(record["answer"]).rpartition("####")[2].strip()) for record in records]
    )


class GSM8K(Examples):
    """One split of GSM8K, under TextGrad's name.

    Args:
        subset: ignored; TextGrad's scripts pass the hub's configuration here.
        root: a data folder that holds gsm8k/.
        split: "train", "val" or "test".
    """

    task_name = "GSM8K"

    def __init__(self, subset: str = "main", root: str | None = None, split: str = "train", *args, **kwargs):
        data = load(TaskRequest(self.task_name, data_folder(root)))
        super().__init__(data.splits[("train", "val", "test").index(split)], data.description, data.answer_format)


class GSM8K_DSPy(GSM8K):
    """One split of GSM8K_DSPy.

    Args:
        root: a data folder that holds gsm8k/.
        split: "train" (50), "val" (100) or "test" (100).
    """

    task_name = "GSM8K_DSPy"

    def __init__(self, root: str | None = None, split: str = "train"):
        super().__init__("main", root, split)
