"""Tasks: questions with answers, and how to score a reply.

task = get_task("BBH_object_counting", data_dir="data")
train, val, test, eval_fn = load_task("BBH_object_counting", engine)       # the same, in TextGrad's shape
"""

from pathlib import Path

from textgrad.config import validate_engine_or_get_default
from textgrad.errors import UsageError, unknown
from textgrad.tasks import big_bench_hard, gsm8k, livebench, reasoning_gym, user_file
from textgrad.tasks.base import DataLoader, Dataset, Examples, Task
from textgrad.tasks.scoring.grading import JudgeGrader, ScorerGrader
from textgrad.tasks.source import Request, Sizes, Source, cut, data_folder

__all__ = ["AVAILABLE_DATASETS", "DataLoader", "Dataset", "Examples", "Task", "get_task", "load_task"]

AVAILABLE_DATASETS = [*(f"BBH_{task}" for task in big_bench_hard.TASKS), "GSM8K", "GSM8K_DSPy", *livebench.NAMES]
_FAMILIES = ("RG_<data set of reasoning_gym>", "<path of a .jsonl file>")
_JUDGES = ("auto", "llm")


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
) -> Task:
    """A task by its name.

    Args:
        name: one of `AVAILABLE_DATASETS`, "RG_" and a data set of reasoning_gym, or the path of a .jsonl file.
        evaluation_api: the engine that judges, or its name; by default the backward engine. Unused where replies are
            scored by a function.
        data_dir: a folder with data files; by default that of FEDTEXTGRAD_DATA.
        seed: decides every random choice of data.
        train_size, val_size, test_size: how many examples of each split, >= 1; all when left out.
        judge: "auto" scores by a function where there is one, "llm" always asks the engine.
        scorer: for a .jsonl file: "number", "exact", "choice" or "judge"; seen from its answers when left out.

    Raises:
        UsageError: an unknown name, judge or scorer; a size that is below 1 or above what there is; unusable data.
        BrokenSystem: data or a package is missing and cannot be had.
    """
    sizes = Sizes(train_size, val_size, test_size)
    _check(sizes, judge, scorer, name)
    request = Request(name, data_folder(data_dir), seed, sizes, scorer)
    source = _source(request)
    train, val, test = (
        Examples(examples, source.description, source.answer_format) for examples in cut(source.splits, sizes, name)
    )
    asks = judge == "llm" or source.scorer is None
    grader = JudgeGrader(validate_engine_or_get_default(evaluation_api)) if asks else ScorerGrader(source.scorer)
    label = Path(name).stem if _is_file(name) else name
    return Task(label, train, val, test, source.description, source.answer_format, grader)


def load_task(task_name: str, evaluation_api=None, *args, **kwargs):
    """TextGrad's shape of `get_task`, with the same arguments.

    Returns:
        (train, validation, test, evaluation function). The function takes `inputs={"prediction": Variable,
        "ground_truth_answer": Variable}`, and a "question" if there is one; for a task that an engine judges it takes
        `[question, ground_truth_answer, prediction]`.
    """
    task = get_task(task_name, evaluation_api, **kwargs)
    return task.train, task.val, task.test, task.grader.eval_fn


def _check(sizes: Sizes, judge: str, scorer: str | None, name: str) -> None:
    for label, size in sizes._asdict().items():
        if size is not None and size < 1:
            raise UsageError(f"{label}_size is {size}: it must be 1 or more")
    if judge not in _JUDGES:
        raise unknown("judge", judge, _JUDGES)
    if scorer is not None and not _is_file(name):
        raise UsageError(
            f"scorer {scorer!r} is for a .jsonl file of your own; {name} has its own (judge='llm' asks an engine)"
        )


def _source(request: Request) -> Source:
    name = request.name
    if _is_file(name):
        return user_file.load(request)
    if name.startswith("RG_"):
        return reasoning_gym.load(request)
    if name not in AVAILABLE_DATASETS:
        raise unknown("task", name, [*AVAILABLE_DATASETS, *_FAMILIES])
    source = {"B": big_bench_hard, "G": gsm8k, "l": livebench}[name[0]]
    return source.load(request)


def _is_file(name: str) -> bool:
    return name.endswith(".jsonl")
