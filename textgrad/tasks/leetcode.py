"""LeetCodeHardEval: hard programming problems with tests (Shinn et al., 2023, arXiv 2303.11366)."""

from pathlib import Path

from textgrad.cache import cache_folder
from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks.base import Dataset
from textgrad.tasks.download import download
from textgrad.tasks.records import from_jsonl
from textgrad.tasks.scoring.code_tests import code_tests, number_of_tests
from textgrad.tasks.scoring.scorer import Grade
from textgrad.tasks.source import data_folder, own_copy_hint
from textgrad.text import decode, parse_json

ADDRESS = "https://raw.githubusercontent.com/vinid/data/master/leetcode_with_tests.jsonl"
FILE = "leetcode-hard.jsonl"
_FIELDS = ("task_id", "prompt", "test")


class LeetCodeHardEval(Dataset):
    """Problems whose solutions are to be improved one by one. Item: (task id, problem, tests).

    Args:
        root: a data folder that may hold `FILE`; otherwise the file is downloaded into the cache.
        allow_code: True lets `run_tests` run code that a model wrote.

    Raises:
        UsageError: the file in `root` is unusable.
        BrokenSystem: the download failed, or its content is not of this form.
    """

    def __init__(self, root: str | None = None, allow_code: bool = False):
        self.allow_code = allow_code
        self.problems = [tuple(str(record[field]) for field in _FIELDS) for record in _records(data_folder(root))]

    def __getitem__(self, index: int) -> tuple[str, ...]:  # type: ignore[override]  # TextGrad's item
        return self.problems[index]

    def __len__(self) -> int:
        return len(self.problems)

    def get_task_description(self) -> str:
        return "Solve a hard programming problem: write a Python function that passes all tests."

    def run_tests(self, reply: str, tests: str) -> Grade:
        """Return the share of tests that the last code block of a reply passes, and the first failure.

        The code runs in a child process with limits; see `textgrad.tasks.scoring.code_tests`.

        Raises:
            UsageError: `allow_code` is False.
        """
        if not self.allow_code:
            raise UsageError(
                "the tests run Python code that a model wrote, with limits but without a sandbox: allow it with "
                "LeetCodeHardEval(allow_code=True)"
            )
        return code_tests(reply, tests)


def _records(data_dir: Path | None) -> list[dict]:
    if data_dir and (data_dir / FILE).is_file():
        return from_jsonl(data_dir / FILE, _FIELDS)
    cached = cache_folder() / FILE
    if not cached.is_file():
        try:
            download(ADDRESS, cached, _check)
        except BrokenSystem as error:
            raise BrokenSystem(f"{error}; {own_copy_hint(data_dir, FILE)}") from error
    return from_jsonl(cached, _FIELDS)


def _check(content: bytes) -> None:
    """Check a download: every line is a problem with tests that can be run.

    Raises:
        ValueError: one is not.
    """
    lines = [line for line in decode(content).split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        record = parse_json(line)
        if not isinstance(record, dict) or not all(isinstance(record.get(field), str) for field in _FIELDS):
            raise ValueError(f"line {number} lacks one of the texts {', '.join(_FIELDS)}")
        number_of_tests(record["test"])
    if not lines:
        raise ValueError("it is empty")
