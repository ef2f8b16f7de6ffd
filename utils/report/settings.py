"""The settings of runs: which differ, and which runs differ only in their seed."""

from collections.abc import Mapping, Sequence
from typing import Any

from utils.config import RESUME_SAFE
from utils.report.runs import Run
from utils.report.tables import Table
from utils.run_log.identity import stored_options

SEED = "--seed"


def settings_of(run: Run) -> dict[str, str]:
    """Return the options that decide what a run computes, its endpoints and the program's commit, as texts.

    An option that an older version did not have is shown with the value that its runs had.
    """
    options = {
        f"--{name}": _text(value) for name, value in stored_options(run.config).items() if name not in RESUME_SAFE
    }
    endpoints = {f"endpoint, {role}": engine["endpoint"] for role, engine in run.config.get("engines", {}).items()}
    return {**options, **endpoints, "commit": run.config.get("commit") or ""}


def setting_key(run: Run) -> tuple[tuple[str, Any], ...]:
    """Return a key that is equal for runs whose options differ only in the seed."""
    return tuple((name, value) for name, value in settings_of(run).items() if name.startswith("--") and name != SEED)


def differing_settings(settings: Mapping[str, Mapping[str, str]]) -> tuple[Table, Table]:
    """Return the settings that differ, and those that are equal.

    Args:
        settings: those of each run or of each group of runs, by its name.

    Returns:
        A table with the runs along its shorter side, and a table of names and values.
    """
    names = list(dict.fromkeys(name for values in settings.values() for name in values))
    values_of = {name: [values.get(name) or None for values in settings.values()] for name in names}
    differing = {name: values for name, values in values_of.items() if len(set(values)) > 1}
    equal = [(name, values[0]) for name, values in values_of.items() if name not in differing and values[0]]
    if len(differing) > len(settings):
        table = Table(("setting", *settings), [(name, *values) for name, values in differing.items()])
    else:
        rows = list(zip(settings, *differing.values(), strict=True)) if differing else []
        table = Table(("run", *differing), rows)
    return table, Table(("setting", "value"), equal)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
