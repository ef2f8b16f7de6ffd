"""LiveBench: its reasoning and mathematics questions (White et al., 2024, arXiv 2406.19314).

Read from `livebench/{reasoning,math}.jsonl` (or .parquet) in the data folder, else from the Hugging Face hub
(livebench/reasoning, livebench/math). The questions are filtered by kind, then shuffled by the seed and split 64/16/20.
"""

from collections.abc import Callable
from pathlib import Path

from textgrad.errors import UsageError, unknown
from textgrad.tasks.base import Examples
from textgrad.tasks.records import from_hub, from_jsonl, from_parquet, is_value
from textgrad.tasks.scoring.answers import normalize
from textgrad.tasks.scoring.livebench import SCORERS
from textgrad.tasks.scoring.scorer import QuestionScorer
from textgrad.tasks.source import TaskData, TaskRequest, data_folder, own_copy_hint
from textgrad.tasks.splits import Example, seeded_splits
from textgrad.variable import Variable

SHARES = (0.64, 0.16, 0.20)  # train, validation, test
KINDS = {"reasoning": ("web_of_lies_v2", "zebra_puzzle", "spatial"), "math": ("AMPS_Hard", "math_comp", "olympiad")}
NAMES = tuple(
    f"livebench_{subject}{kind}" for subject, kinds in KINDS.items() for kind in ("", *(f"__{kind}" for kind in kinds))
)

_DESCRIPTIONS = {
    "reasoning": "Solve a puzzle of logic or of space. Think step by step.",
    "math": "Solve a mathematical problem. Think step by step.",
}
_FORMAT = "End with the final answer, in the form that the question asks for."


def load(request: TaskRequest) -> TaskData:
    """Return the data of one of `NAMES`; a name without a kind includes all kinds with a scorer.

    Raises:
        UsageError: a data file is unusable, or has fewer than three questions of the kind.
        BrokenSystem: no data file, and the hub is unreachable.
    """
    subject, _, kind = request.name.removeprefix("livebench_").partition("__")
    wanted = (kind,) if kind else KINDS[subject]
    kind_of: dict[str, str] = {}
    examples: list[Example] = []
    for number, record in enumerate(_records(subject, request.data_dir), 1):
        if record.get("task") in wanted:
            question, answer = _example(record, f"livebench/{subject}, question {number}")
            kind_of[question] = record["task"]
            examples.append((question, answer))
    splits = seeded_splits(examples, SHARES, request.seed, request.name)
    return TaskData(splits, _DESCRIPTIONS[subject], _FORMAT, _scorer(kind_of, wanted), " and ".join(wanted))


def _scorer(kind_of: dict[str, str], wanted: tuple[str, ...]) -> QuestionScorer:
    """Return a scorer that uses the kind of the question; an unknown question may match any wanted kind."""

    def score(question: str | None, prediction: str, answer: str) -> int:
        bare_question = (question or "").removesuffix(f"\n\n{_FORMAT}")
        kinds = (kind_of[bare_question],) if bare_question in kind_of else wanted
        return int(any(SCORERS[kind](prediction, answer) for kind in kinds))

    return score


def _records(subject: str, data_dir: Path | None) -> list[dict]:
    if data_dir:
        jsonl, parquet = (data_dir / "livebench" / f"{subject}.{ending}" for ending in ("jsonl", "parquet"))
        if jsonl.is_file():
            return from_jsonl(jsonl, ("ground_truth", "task"))
        if parquet.is_file():
            return from_parquet(parquet)
    hint = own_copy_hint(data_dir, f"livebench/{subject}.jsonl")
    return from_hub(f"livebench/{subject}", None, "test", hint)


def _example(record: dict, location: str) -> Example:
    turns, answer = record.get("turns"), record.get("ground_truth")
    if (
        not isinstance(turns, list)
        or not turns
        or not is_value(turns[0])
        or not is_value(answer)
        or not normalize(str(answer))
    ):
        raise UsageError(f"{location}: it needs 'turns', a list that begins with the question, and 'ground_truth'")
    return str(turns[0]), str(answer)


class LiveBench(Examples):
    """One split of a subject, for the published code's names.

    Args:
        root: a data folder that may hold livebench/.
        split: "train", "valid" or "test".
        task: one of the subject's `KINDS`; default: all.
    """

    subject: str

    def __init__(self, root: str | None = None, split: str = "train", task: str | None = None):
        kinds = KINDS[self.subject]
        if task is not None and task not in kinds:
            raise unknown("subtask", task, kinds)
        name = f"livebench_{self.subject}" + (f"__{task}" if task else "")
        data = load(TaskRequest(name, data_folder(root)))
        super().__init__(data.splits[("train", "valid", "test").index(split)], data.description, data.answer_format)


def variable_scorer(kind: str) -> Callable[[Variable, Variable], int]:
    """Return the scorer of a kind of question as a function of Variables: `(prediction, ground_truth_answer)`."""

    def score(prediction: Variable, ground_truth_answer: Variable) -> int:
        return SCORERS[kind](str(prediction.value), str(ground_truth_answer.value))

    return score
