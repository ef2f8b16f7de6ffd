"""Read records (dicts) from files and from the Hugging Face hub, with normalized texts."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textgrad.certificates import ssl_context
from textgrad.errors import BrokenSystem, UsageError
from textgrad.text import comparison_key, normalize_all, parse_json, read_text


def from_jsonl(path: Path, fields: Sequence[str]) -> list[dict]:
    """Return the records of a file with one JSON object per line; empty lines are ignored.

    Args:
        path: of the file.
        fields: required in every record; see `is_value`.

    Raises:
        UsageError: the file is unreadable or has no records; a line is not a JSON object or lacks a field.
    """
    lines = read_text(path).split("\n")
    records = [_record(line, f"{path}, line {number}", fields) for number, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise UsageError(f"{path} is empty: it needs one JSON object per line")
    return records


def from_parquet(path: Path) -> list[dict]:
    """Return the records of a Parquet file.

    Raises:
        UsageError: the file is unreadable.
        BrokenSystem: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet

        return normalize_all(pyarrow.parquet.read_table(path).to_pylist())
    except ImportError as error:
        raise BrokenSystem(f"reading {path} needs pyarrow: pip install pyarrow") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {' '.join(str(error).split())[:200]}") from error


def from_hub(path: str, config: str | None, split: str, hint: str) -> list[dict]:
    """Return the records of one split of a data set on the hub; arguments and errors are those of `load_hub`.

    Args:
        split: such as "train".
    """
    return normalize_all(load_hub(path, config, hint, split=split).to_list())


def load_hub(path: str, config: str | None, hint: str, **options) -> Any:
    """Return what `datasets.load_dataset` returns: from the Hugging Face hub, its cache, or a folder in its layout.

    Args:
        path: such as "openai/gsm8k", or the folder.
        config: the configuration's name, or None.
        hint: how to do without the hub, for the error message; see `textgrad.tasks.source.own_copy_hint`.
        **options: further arguments of `load_dataset`.

    Raises:
        BrokenSystem: the package datasets is not installed, or the hub is unreachable.
    """
    try:
        import datasets
    except ImportError as error:
        raise BrokenSystem(f"{path} needs the package datasets: pip install datasets; or {hint}") from error
    try:
        return datasets.load_dataset(path, config, **options)
    except Exception as error:  # of any of the libraries for network and files that it uses
        ssl_context()  # names the variable of unusable certificates, which the libraries do not
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise BrokenSystem(f"cannot load {path} from the Hugging Face hub ({reason}); {hint}") from error


def _record(line: str, location: str, fields: Sequence[str]) -> dict:
    try:
        record = parse_json(line)
    except ValueError as error:
        raise UsageError(
            f"{location} is not JSON ({error}): "
            'each line must be an object such as {"question": "...", "answer": "..."}'
        ) from error
    bad = [field for field in fields if not isinstance(record, dict) or not is_value(record.get(field))]
    if bad:
        raise UsageError(
            f"{location} lacks {' and '.join(map(repr, bad))}, a non-empty text or a finite number: "
            f"each line must be an object with {', '.join(map(repr, fields))}"
        )
    return record


def is_value(value: object) -> bool:
    """Return True for a question or an answer: a text with a visible character, or a finite number."""
    if isinstance(value, str):
        return bool(comparison_key(value))
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)  # an integer may exceed the largest float
