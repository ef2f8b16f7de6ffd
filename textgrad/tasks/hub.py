"""Data sets of the Hugging Face hub with all their splits."""

import os
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.tasks.records import load_hub
from textgrad.tasks.source import DATA_VARIABLE


def hub_splits(path: str, config: str | None, data_dir: Path | None, *needed: str) -> dict[str, Any]:
    """Return the splits of a data set, each a `datasets.Dataset` whose images are the bytes of their files.

    Args:
        path: <owner>/<name>. A folder of this name in `data_dir`, in the hub's layout, is read instead of the hub.
        config: the configuration's name, or None.
        data_dir: the folder with data files, or None.
        *needed: names of splits.

    Raises:
        UsageError: a needed split is missing; the message lists the splits.
        BrokenSystem: the package datasets is not installed, the hub is unreachable, or the configuration is unknown.
    """
    copy = data_dir / path if data_dir else None
    found = load_hub(str(copy) if copy and copy.is_dir() else path, config, _hint(path))
    if missing := [name for name in needed if name not in found]:
        raise UsageError(f"{path} has no split {missing[0]!r}; its splits are {', '.join(map(str, found))}")
    return {str(name): _with_image_bytes(split) for name, split in found.items()}


def _hint(path: str) -> str:
    offline = "unset HF_HUB_OFFLINE, or " if os.environ.get("HF_HUB_OFFLINE") else ""
    return (
        f"{offline}where the hub is reachable, run: hf download {path} --repo-type dataset --local-dir DATA/{path}; "
        f"then use --data_dir DATA (or {DATA_VARIABLE})"
    )


def _with_image_bytes(split: Any) -> Any:
    import datasets

    for column, feature in split.features.items():
        if isinstance(feature, datasets.Image):
            split = split.cast_column(column, datasets.Image(decode=False))
    return split
