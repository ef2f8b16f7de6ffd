"""The local-only and the centralized run that a run is compared with in its charts."""

import contextlib
from collections.abc import Mapping
from typing import Any

from textgrad.errors import UsageError
from utils.report.runs import Run, load_run
from utils.run_log.stored_config import read_config

_SAME = ("data", "engines")  # parts of config.json; data has the tasks as keys
FEDERATED, LOCAL_ONLY, CENTRALIZED = "federated", "local-only", "centralized"


def kind_of(options: Mapping[str, Any]) -> str:
    """Return the kind of training: FEDERATED, LOCAL_ONLY or CENTRALIZED."""
    if options["module"] == "train_centralized":
        return CENTRALIZED
    return LOCAL_ONLY if options["aggregate_method"] == "none" else FEDERATED


def baselines_of(run: Run) -> dict[str, Run]:
    """Return the baselines beside a run's folder, by kind, without the run's own kind.

    A baseline has the same tasks, data and engines. Of several, the one with the fewest different options is taken, and
    of these the first by name. Folders that cannot be read are skipped.
    """
    closest: dict[str, tuple[int, Run]] = {}
    for path in sorted(run.folder.parent.glob("*/results.json")):
        if path.parent.is_symlink() or path.parent == run.folder:
            continue
        with contextlib.suppress(UsageError, KeyError):
            config = read_config(path.with_name("config.json"))
            kind = kind_of(config["options"])
            if kind in (FEDERATED, kind_of(run.options)) or any(config[key] != run.config[key] for key in _SAME):
                continue
            differences = sum(config["options"].get(name) != value for name, value in run.options.items())
            if kind not in closest or differences < closest[kind][0]:
                closest[kind] = differences, load_run(path.parent)
    return {kind: closest[kind][1] for kind in (LOCAL_ONLY, CENTRALIZED) if kind in closest}
