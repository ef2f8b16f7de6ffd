"""Reading records, a dict each, from files and from the Hugging Face hub."""

import json
from collections.abc import Sequence
from pathlib import Path

from textgrad.errors import BrokenSystem, UsageError


def from_jsonl(path: Path, fields: Sequence[str]) -> list[dict]:
    """The records of a file with one JSON object a line; empty lines are passed over.

    Args:
        path: the file.
        fields: what every record must have, each a text or a number.

    Raises:
        UsageError: it cannot be read, a line is no JSON object or lacks a field, or there is no line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from error
    records = [_record(line, f"{path}, line {number}", fields) for number, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise UsageError(f"{path} is empty: it needs a JSON object a line")
    return records


def from_parquet(path: Path) -> list[dict]:
    """The records of a Parquet file.

    Raises:
        UsageError: it cannot be read.
        BrokenSystem: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pylist()
    except ImportError as error:
        raise BrokenSystem(f"reading {path} needs pyarrow: pip install pyarrow") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {' '.join(str(error).split())[:200]}") from error


def from_hub(path: str, config: str | None, split: str, instead: str) -> list[dict]:
    """The records of a data set on the Hugging Face hub, or of its copy in the hub's own cache.

    Args:
        path: such as "openai/gsm8k".
        config: its configuration, or None.
        split: such as "train".
        instead: the file in a data folder that would do as well, for the error.

    Raises:
        BrokenSystem: datasets is not installed, or the hub cannot be reached.
    """
    way_out = f"put the data into a folder as {instead} and give the folder with --data_dir"
    try:
        import datasets
    except ImportError as error:
        raise BrokenSystem(f"{path} needs the package datasets: pip install datasets, or {way_out}") from error
    try:
        return datasets.load_dataset(path, config, split=split).to_list()
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BrokenSystem(f"cannot load {path} from the Hugging Face hub ({reason}): {way_out}") from error


def _record(line: str, place: str, fields: Sequence[str]) -> dict:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise UsageError(
            f'{place} is no JSON ({error}): each line must be one object such as {{"question": "...", "answer": "..."}}'
        ) from error
    bad = [field for field in fields if not isinstance(record, dict) or not _is_value(record.get(field))]
    if bad:
        raise UsageError(
            f"{place} lacks {' and '.join(map(repr, bad))}, a text or a number that is not empty: each "
            f"line must be an object with {', '.join(map(repr, fields))}"
        )
    return record


def _is_value(value) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and bool(str(value).strip())
