"""Read a config.json, and check the parts that the program uses: anybody may have edited it."""

from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.text import read_json
from utils.config import option_field
from utils.files import to_json
from utils.options import check_value

_PARTS = ("options", "engines", "data")


def read_config(path: Path) -> dict[str, Any]:
    """Return the content of a config.json.

    Raises:
        UsageError: it cannot be read, is not the configuration of a run, or contains an impossible number.
    """
    stored = read_json(path)
    if not isinstance(stored, dict) or not all(isinstance(stored.get(name, {}), dict) for name in _PARTS):
        raise UsageError(f"cannot read {path}: {', '.join(_PARTS)} must be JSON objects; restore the file")
    options = stored.get("options", {})
    if not options.get("task"):
        raise UsageError(f"cannot read {path}: the options name no task; restore the file")
    try:
        to_json(stored)
    except ValueError as error:
        raise UsageError(f"cannot read {path}: it has a number that is not finite; restore the file") from error
    for name in ("task", "max_epochs"):  # read without a comparison with the present options
        if name in options:
            value = options[name]
            check_value(option_field(name), tuple(value) if isinstance(value, list) else value, f"{path}: {name}")
    return stored
