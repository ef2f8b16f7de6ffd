"""Find the source of a task by the names in each file's `NAMES`."""

import importlib
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from textgrad.discovery import declared_in
from textgrad.errors import UsageError, unknown

_PACKAGE = "textgrad.tasks"
_PLACEHOLDER = re.compile(r"<([^<>]+)>")

_TABLE = "import csv; rows = csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8-sig'){options})"
# Code that reads the rows of a file, by the end of its name; "" for JSON lines under another name.
_CONVERSIONS = {
    ".csv": _TABLE.format(options=""),
    ".tsv": _TABLE.format(options=", delimiter=chr(9)"),
    ".json": "rows = json.load(open(sys.argv[1], encoding='utf-8-sig')); "
    "rows = rows if isinstance(rows, list) else next(each for each in rows.values() if isinstance(each, list))",
    ".parquet": "import pyarrow.parquet; rows = pyarrow.parquet.read_table(sys.argv[1]).to_pylist()",
    ".jsonl.gz": "import gzip; rows = map(json.loads, gzip.open(sys.argv[1], 'rt', encoding='utf-8-sig'))",
    ".ndjson": "",
    ".jsonlines": "",
    ".jsonl": "",  # in capitals
}


def source_of(name: str) -> ModuleType:
    """Return the module that declares a name in its `NAMES`.

    Args:
        name: a declared name, or a name that matches a declared pattern (see `fits`).

    Raises:
        UsageError: no module or several modules declare the name.
    """
    found = [module for module, names in _declared() if any(fits(name, declared) for declared in names)]
    if len(found) > 1:
        modules = " and ".join(found)
        raise UsageError(f"the task {name!r} is declared by {modules} in textgrad/tasks: rename one of them")
    if not found:
        raise _unknown_task(name)
    return importlib.import_module(f"{_PACKAGE}.{found[0]}")


def known_names() -> list[str]:
    """Return every declared name and pattern."""
    return [name for _, names in _declared() for name in names]


def known_tasks() -> list[str]:
    """Return every declared name that is not a pattern."""
    return [name for name in known_names() if not _PLACEHOLDER.search(name)]


def fits(name: str, declared: str) -> bool:
    """Return True if a name equals a declared name or matches a declared pattern.

    A pattern has placeholders: <path> matches any text; others, such as <dataset> in "RG_<dataset>", match letters,
    digits, "_" and "-".
    """
    parts = _PLACEHOLDER.split(declared)  # literal, placeholder, literal, ...
    pattern = "".join(
        re.escape(part) if index % 2 == 0 else ".+" if part == "path" else r"[\w-]+" for index, part in enumerate(parts)
    )
    return re.fullmatch(pattern, name, re.DOTALL) is not None


def _declared() -> Iterator[tuple[str, tuple[str, ...]]]:
    for module, names in declared_in(_PACKAGE, "NAMES"):
        assert isinstance(names, tuple), f"NAMES of {module} must be a tuple"
        yield module, names


def _unknown_task(name: str) -> UsageError:
    path = Path(name)
    if not path.suffix and not path.exists() and os.sep not in name:
        return unknown("task", name, known_names())
    if path.is_dir():
        return UsageError(f"--task {name!r} is a folder: name a .jsonl file in it")
    message = f"{name!r} is not a .jsonl file: a task file has one JSON object with 'question' and 'answer' per line"
    ending = next((ending for ending in _CONVERSIONS if name.lower().endswith(ending)), None)
    if ending is None:
        return UsageError(f"{message}; convert it, for example by saving it as .csv first")
    source, target = shlex.quote(name), shlex.quote(f"{name[: -len(ending)]}.jsonl")
    read = _CONVERSIONS[ending]
    if not read:
        return UsageError(f"{message}; rename it: mv {source} {target}")
    code = f"import json, sys; {read}; print(*(json.dumps(row, default=str) for row in rows), sep=chr(10))"
    return UsageError(f'{message}; convert it: .venv/bin/python -c "{code}" {source} > {target}')
