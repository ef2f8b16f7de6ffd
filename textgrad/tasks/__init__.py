"""Tasks: questions with answers, and scorers of replies. README.md in this folder explains how to add one.

task = get_task("BBH_object_counting", data_dir="data")
train, val, test, eval_fn = load_task("BBH_object_counting", engine)       # the same, in TextGrad's form
questions = load_instance_task("MMLU_machine_learning", engine)            # single answers to improve
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textgrad.config import validate_engine_or_get_default
from textgrad.errors import UsageError, unknown
from textgrad.tasks.base import DataLoader, Dataset, Examples, Task
from textgrad.tasks.gpqa import GPQAInstanceDataset
from textgrad.tasks.grading import GradedGrader, Grader, JudgeGrader, ScorerGrader
from textgrad.tasks.leetcode import LeetCodeHardEval
from textgrad.tasks.mmlu import MMLU, MMLUInstanceDataset
from textgrad.tasks.registry import known_tasks, source_of
from textgrad.tasks.scoring.user_function import UserFunction, is_function
from textgrad.tasks.source import GRADED, Sizes, TaskData, TaskRequest, data_folder
from textgrad.tasks.splits import cut
from textgrad.text import normalize

if TYPE_CHECKING:
    AVAILABLE_DATASETS: list[str]

__all__ = [
    "AVAILABLE_DATASETS",
    "AVAILABLE_INSTANCE_DATASETS",
    "DataLoader",
    "Dataset",
    "Examples",
    "LeetCodeHardEval",
    "MMLU",
    "MMLUInstanceDataset",
    "Task",
    "get_task",
    "load_instance_task",
    "load_task",
]

AVAILABLE_INSTANCE_DATASETS = ["MMLU_machine_learning", "MMLU_college_physics", "GPQA_diamond", "LeetCodeHardEval"]

_JUDGES = ("auto", "llm")
_ANSWER_CRITICS = ("llm", "fixed")
_ANSWER_FORMATS = ("fixed", "trained")


def __getattr__(attribute: str):
    if attribute == "AVAILABLE_DATASETS":  # TextGrad's name; computed on first use, as it imports every source
        return known_tasks()
    raise AttributeError(f"module {__name__!r} has no attribute {attribute!r}")


def get_task(
    name: str,
    evaluation_api=None,
    *,
    data_dir: str | Path | None = None,
    seed: int = 0,
    train_size: int | None = None,
    val_size: int | None = None,
    test_size: int | None = None,
    judge: str = "auto",
    scorer: str | None = None,
    answer_critic: str = "llm",
    allow_code: bool = False,
    answer_format: str = "fixed",
    columns: Mapping[str, str] | None = None,
    splits: Mapping[str, str] | None = None,
) -> Task:
    """Return a task by its name.

    Args:
        name: one of `AVAILABLE_DATASETS`, "RG_" and a data set of reasoning_gym, "hf:" and a data set of the hub, or
            the path of a .jsonl file.
        evaluation_api: the engine that judges, or its name; default: the backward engine. Unused if the task has
            a scorer.
        data_dir: a folder with data files; default: the folder in FEDTEXTGRAD_DATA.
        seed: determines every random choice of data.
        train_size, val_size, test_size: number of examples per split, >= 1; default: all.
        judge: "auto" uses the task's scorer if it has one, "llm" always the engine.
        scorer: for a .jsonl file or an "hf:" task: a key of `user_file.KINDS`; default: inferred from the answers.
            For every task: "file.py:function", see `textgrad.tasks.scoring.user_function`.
        answer_critic: "llm" asks the critic for feedback on an answer; "fixed" takes a sentence with the right answer
            instead, unless an engine judges.
        allow_code: True lets the scorer "code" run the code of replies.
        answer_format: "fixed" sends the answer format with every question; "trained" makes it the end of the
            description, and so of the initial prompt, and sends bare questions (FedTextGrad paper, section 3).
        columns, splits: of an "hf:" task, see `textgrad.tasks.hugging_face`; ignored for others.

    Raises:
        UsageError: the name, judge, scorer, answer critic or answer format is unknown; a size is below 1 or above the
            number of examples; the data is unusable.
        BrokenSystem: data or a package is missing and cannot be obtained.
    """
    sizes = Sizes(train_size, val_size, test_size)
    source = source_of(name)
    takes_scorer = getattr(source, "TAKES_SCORER", False)
    own = UserFunction(scorer) if scorer and is_function(scorer) else None
    _check_options(sizes, judge, None if takes_scorer or own else scorer, name)
    if answer_critic not in _ANSWER_CRITICS:
        raise unknown("answer critic", answer_critic, _ANSWER_CRITICS)
    if answer_format not in _ANSWER_FORMATS:
        raise unknown("answer format", answer_format, _ANSWER_FORMATS)
    request = TaskRequest(
        name, data_folder(data_dir), seed, sizes, scorer, allow_code, dict(columns or {}), dict(splits or {})
    )
    data: TaskData = source.load(request)
    if answer_format == "trained":
        whole = f"{data.description} {data.answer_format}".strip()
        data = dataclasses.replace(data, description=whole, answer_format="")
    if own:
        data = dataclasses.replace(data, graded_scorer=own, scorer_name=own.name)
    train, val, test = (
        Examples(examples, data.description, data.answer_format) for examples in cut(data.splits, sizes, name)
    )
    grader = _grader(data, judge, evaluation_api, answer_critic)
    return Task(
        normalize(Path(name).stem) if takes_scorer else name,
        train,
        val,
        test,
        data.description,
        data.answer_format,
        grader,
        _scorer_name(grader, data),
        data.remark,
        own.fingerprint if own else "",
    )


def _grader(data: TaskData, judge: str, evaluation_api, answer_critic: str) -> Grader:
    if judge == "auto" and data.graded_scorer:
        return GradedGrader(data.graded_scorer, answer_critic)
    if judge == "auto" and data.scorer:
        return ScorerGrader(data.scorer, answer_critic)
    return JudgeGrader(validate_engine_or_get_default(evaluation_api))


def _scorer_name(grader: Grader, data: TaskData) -> str:
    if isinstance(grader, JudgeGrader):
        return "judge"
    return data.scorer_name + (GRADED if isinstance(grader, GradedGrader) else "")


def load_task(task_name: str, evaluation_api=None, *args, **kwargs):
    """Return the result of `get_task`, with the same arguments, in TextGrad's form.

    Returns:
        (train, validation, test, evaluation function). The function takes `inputs={"prediction": Variable,
        "ground_truth_answer": Variable}`, and optionally a "question"; for a task that an engine judges it takes
        `[question, ground_truth_answer, prediction]`.
    """
    task = get_task(task_name, evaluation_api, **kwargs)
    return task.train, task.val, task.test, task.grader.eval_fn


def load_instance_task(task_name: str, evaluation_api=None, *args, **kwargs):
    """Return questions whose answers are to be improved one by one, instead of a prompt.

    Args:
        task_name: "MMLU_<subject>", "GPQA_<subset>" or "LeetCodeHardEval".
        evaluation_api: the engine that reviews answers, or its name; default: the backward engine.
        *args, **kwargs: further arguments of `MMLUInstanceDataset`, `GPQAInstanceDataset` or `LeetCodeHardEval`.

    Raises:
        UsageError: the name is unknown, or a local copy is unusable.
        BrokenSystem: no local copy, and the data cannot be obtained.
    """
    if task_name.startswith("MMLU_"):
        return MMLUInstanceDataset(
            evaluation_api, task_name.removeprefix("MMLU_"), *args, **{"split": "test", **kwargs}
        )
    if task_name.startswith("GPQA_"):
        return GPQAInstanceDataset(evaluation_api, task_name.lower(), *args, **kwargs)
    if task_name == "LeetCodeHardEval":
        return LeetCodeHardEval(*args, **kwargs)
    raise unknown("instance task", task_name, AVAILABLE_INSTANCE_DATASETS)


def _check_options(sizes: Sizes, judge: str, misplaced_scorer: str | None, name: str) -> None:
    for label, size in sizes._asdict().items():
        if size is not None and size < 1:
            raise UsageError(f"{label}_size is {size}: it must be 1 or more")
    if judge not in _JUDGES:
        raise unknown("judge", judge, _JUDGES)
    if misplaced_scorer is not None:
        raise UsageError(
            f"scorer {misplaced_scorer!r} is for a .jsonl file or an hf: data set; {name} has its own scorer "
            "(judge='llm' uses an engine instead, scorer='file.py:function' your own function)"
        )
