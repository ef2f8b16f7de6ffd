"""Extensions found by file: a module placed in a folder is a choice, and no list names it a second time."""

import functools
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from textgrad.errors import unknown

_ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def names_in(package: str) -> tuple[str, ...]:
    """Return the names of a package's modules, sorted, without importing anything.

    Args:
        package: dotted name such as "utils.aggregation.methods". Files that start with an underscore, or have the
            name of their folder, contain shared code and are not listed.
    """
    folder = _ROOT.joinpath(*package.split("."))
    names = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    return tuple(sorted(names - {folder.name}))


def load(package: str, name: str, kind: str) -> ModuleType:
    """Import the module of one choice.

    Args:
        package: dotted name of the folder.
        name: the user's choice, the module's name.
        kind: such as "aggregator", for the error message.

    Raises:
        UsageError: the folder holds no such module; the message lists the known names, nearest first.
    """
    if name not in names_in(package):
        raise unknown(kind, name, names_in(package))
    return importlib.import_module(f"{package}.{name}")


def declared_in(package: str, attribute: str) -> Iterator[tuple[str, object]]:
    """Yield (module name, value) for each module of a package that declares `attribute` at its top level.

    Every module of the package is imported, so heavy libraries must be imported inside functions.

    Args:
        package: dotted name of the folder.
        attribute: such as "ENGINES".
    """
    for name in names_in(package):
        module = importlib.import_module(f"{package}.{name}")
        if hasattr(module, attribute):
            yield name, getattr(module, attribute)
