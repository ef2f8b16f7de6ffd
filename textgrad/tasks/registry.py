"""Find the source of a task by the names in each file's `NAMES`."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from textgrad.discovery import declared_in
from textgrad.errors import UsageError, unknown

_PACKAGE = "textgrad.tasks"
_PLACEHOLDER = re.compile(r"<([^<>]+)>")

_READ_CSV = "rows = csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8-sig'){options})"
_CONVERSIONS = {
    ".csv": _READ_CSV.format(options=""),
    ".tsv": _READ_CSV.format(options=", delimiter='\\t'"),
    ".json": "rows = json.load(open(sys.argv[1], encoding='utf-8'))",
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
    read = _CONVERSIONS.get(Path(name).suffix.lower())
    if read is None:
        return unknown("task", name, known_names())
    command = f'python -c "import csv, json, sys; {read}; print(*map(json.dumps, rows), sep=chr(10))"'
    return UsageError(
        f"{name!r} is not a .jsonl file: a task file has one JSON object with 'question' and 'answer' per line; "
        f"convert it with: {command} {name} > {Path(name).with_suffix('.jsonl')}"
    )
