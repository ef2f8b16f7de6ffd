"""LiveBench, its reasoning and mathematics questions (White et al., 2024, arXiv 2406.19314).

From `livebench/{reasoning,math}.jsonl` (or .parquet) in the data folder, else from the Hugging Face hub
(livebench/reasoning, livebench/math). The questions are filtered by kind, then shuffled by the seed and split 64/16/20.
"""

from pathlib import Path

from textgrad.errors import UsageError
from textgrad.tasks.base import Example
from textgrad.tasks.records import from_hub, from_jsonl, from_parquet
from textgrad.tasks.scoring.answers import normal
from textgrad.tasks.scoring.livebench import SCORERS
from textgrad.tasks.source import Request, Source, seeded_splits

PARTS = (0.64, 0.16, 0.20)  # train, validation, test
KINDS = {"reasoning": ("web_of_lies_v2", "zebra_puzzle", "spatial"), "math": ("AMPS_Hard", "math_comp", "olympiad")}
NAMES = [
    f"livebench_{subject}{kind}" for subject, kinds in KINDS.items() for kind in ("", *(f"__{kind}" for kind in kinds))
]

_DESCRIPTIONS = {
    "reasoning": "Solve a puzzle of logic or of space. Think step by step.",
    "math": "Solve a mathematical problem. Think step by step.",
}
_FORMAT = "End with the final answer, in the form that the question asks for."


def load(request: Request) -> Source:
    """The source of one of `NAMES`; without a kind, all kinds that can be scored.

    Raises:
        UsageError: a data file cannot be used, or holds too few questions of the kind.
        BrokenSystem: there is no data file, and the hub cannot be reached.
    """
    subject, _, kind = request.name.removeprefix("livebench_").partition("__")
    wanted = (kind,) if kind else KINDS[subject]
    kinds: dict[str, str] = {}
    examples: list[Example] = []
    for place, record in enumerate(_records(subject, request.data_dir), 1):
        if record.get("task") in wanted:
            question, answer = _example(record, f"livebench/{subject}, question {place}")
            kinds[question] = record["task"]
            examples.append((question, answer))
    splits = seeded_splits(examples, PARTS, request.seed, request.name)
    return Source(splits, _DESCRIPTIONS[subject], _FORMAT, _scorer(kinds, wanted))


def _scorer(kinds: dict[str, str], wanted: tuple[str, ...]):
    """Scores by the kind of the question; where the question is not told, by each kind that was asked for."""

    def score(question: str | None, prediction: str, answer: str) -> int:
        asked = (question or "").removesuffix(f"\n\n{_FORMAT}")
        possible = (kinds[asked],) if asked in kinds else wanted
        return int(any(SCORERS[kind](prediction, answer) for kind in possible))

    return score


def _records(subject: str, data_dir: Path | None) -> list[dict]:
    for ending, reader in (
        (".jsonl", lambda file: from_jsonl(file, ("ground_truth", "task"))),
        (".parquet", from_parquet),
    ):
        file = data_dir / "livebench" / f"{subject}{ending}" if data_dir else None
        if file and file.is_file():
            return reader(file)
    return from_hub(f"livebench/{subject}", None, "test", instead=f"livebench/{subject}.jsonl")


def _example(record: dict, place: str) -> Example:
    turns, answer = record.get("turns"), record.get("ground_truth")
    if not isinstance(turns, list) or not turns or not str(turns[0]).strip() or not normal(str(answer or "")):
        raise UsageError(f"{place}: it needs 'turns', a list that begins with the question, and 'ground_truth'")
    return str(turns[0]), str(answer)
