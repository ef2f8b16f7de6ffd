"""The identity of a run: config.json keeps its options and fingerprints of its data, and a resumed run must have both.

The number of rounds may grow: the earlier rounds replay from the call log.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from textgrad.prompts import REQUEST_VERSION
from textgrad.tasks import Task
from textgrad.text import normalize_all
from utils.config import RESUME_SAFE, Config
from utils.federation.evaluation import samples_of
from utils.files import to_json

ROUNDS = "max_epochs"
FORMER_DEFAULTS: dict[str, Any] = {  # of earlier versions
    "prompt_budget": 2000,
    "aggregate_gate": False,
    "min_retention": 0.0,
    "optimizer": "tgd",
    "accept": "not_worse",
    "skip_solved": False,
    "aggregate_method": "summarization",
    "style": "long",
}
SPLITS = {"train": "training", "val": "validation", "test": "test"}
_NO_DATA = {"fingerprint": ""}
_LONGEST = 60  # characters of an option's value in a message


def options_of(config: Config) -> dict[str, Any]:
    """Return the options as config.json has them."""
    return normalize_all(json.loads(to_json(dataclasses.asdict(config))))


def stored_options(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in a config.json. One that it lacks, because the run is older, has its (former) default."""
    known = {each.name for each in dataclasses.fields(Config)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored["options"].items()
        if name in known
    }
    return options_of(Config(**FORMER_DEFAULTS | values))


def as_begun(stored: Mapping[str, Any], config: Config) -> Config:
    """Return the configuration with the defaults of the version that began the run, for options at today's defaults.

    A run of this version, whose config.json names its protocol, keeps the configuration as it is.
    """
    if "protocol" in stored["options"]:
        return config
    begun, values = stored_options(stored), dataclasses.asdict(config)
    kept = [
        name
        for name, former in FORMER_DEFAULTS.items()
        if begun[name] == former and values[name] == _default_of(name, values)
    ]
    return Config(**values | {name: FORMER_DEFAULTS[name] for name in kept})


def _default_of(name: str, values: Mapping[str, Any]) -> Any:
    """Return the default of an option, which may depend on the others."""
    return getattr(Config(**{other: value for other, value in values.items() if other != name}), name)


def fingerprint(examples: Iterable[tuple[str, str]]) -> str:
    """Return 16 hexadecimal digits that depend on every question and answer, and on their order."""
    return hashlib.sha256(to_json([list(pair) for pair in examples]).encode("utf-8", "replace")).hexdigest()[:16]


def data_record(tasks: Iterable[Task]) -> dict[str, Any]:
    """Return, by task, the scorer's name (and file's fingerprint), and the size and fingerprint of each split."""
    record: dict[str, Any] = {}
    for task in tasks:
        pairs = {name: [(each.question, each.answer) for each in samples_of(task, name)] for name in SPLITS}
        splits = {name: {"n": len(split), "fingerprint": fingerprint(split)} for name, split in pairs.items() if split}
        file = {"scorer_fingerprint": task.scorer_fingerprint} if task.scorer_fingerprint else {}
        record[task.name] = {"scorer": task.scorer_name, **file, **splits}
    return record


def data_lines(tasks: Iterable[Task]) -> list[str]:
    """Return one line per task: its sizes and its scorer."""
    lines = []
    for task in tasks:
        sizes = [f"{len(getattr(task, name))} {label}" for name, label in SPLITS.items() if len(getattr(task, name))]
        remark = f" ({task.remark})" if task.remark else ""
        lines.append(f"{task.name}: {', '.join(sizes)} questions; scorer: {task.scorer_name}{remark}")
    return lines


def differences(stored: Mapping[str, Any], config: Config, data: Mapping[str, Any]) -> list[str]:
    """Return what a run with this configuration and data has not in common with the stored one.

    Args:
        stored: the content of config.json. Data that it lacks, from a version without fingerprints, is not compared.
        config: of the resumed run.
        data: its `data_record`.
    """
    before, now = stored_options(stored), options_of(config)
    found = [
        f"--{name} was {_shortened(before[name])} and is {_shortened(now[name])}"
        for name in now
        if name not in (*RESUME_SAFE, ROUNDS) and before[name] != now[name]
    ]
    for task, splits in stored.get("data", {}).items():
        changed = [
            label
            for name, label in SPLITS.items()
            if splits.get(name, _NO_DATA)["fingerprint"] != data.get(task, {}).get(name, _NO_DATA)["fingerprint"]
        ]
        if changed:
            found.append(f"the {' and '.join(changed)} data of {task} has changed since the run began")
        if splits.get("scorer_fingerprint", "") != data.get(task, {}).get("scorer_fingerprint", ""):
            found.append(f"the file with the scorer of {task} has changed since the run began")
    return found


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def updated(stored: Mapping[str, Any], config: Config, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of config.json for a resumed run: with its number of rounds, its data and its endpoints."""
    options = {**stored["options"], ROUNDS: getattr(config, ROUNDS)}
    return {**stored, "options": options, **facts}


def remarks(stored: Mapping[str, Any], config: Config, facts: Mapping[str, Any]) -> list[str]:
    """Return what the user should know about resuming a run, one line each.

    Args:
        stored: the content of config.json.
        config: of the resumed run.
        facts: "data", its `data_record`, and "engines", the model and endpoint of each role.
    """
    lines = []
    if (stored.get("request_version") or 1) < REQUEST_VERSION:
        lines.append(
            "an earlier version of the program started this run: requests whose text has changed since are sent again "
            "(with --replay_only, they end the run)"
        )
    unknown = set(stored["options"]) - {each.name for each in dataclasses.fields(config)}
    if unknown:
        lines.append(f"ignoring options of the run that this version does not have: {', '.join(sorted(unknown))}")
    for task, record in stored.get("data", {}).items():
        scorer = facts["data"][task]["scorer"]
        if record.get("scorer") != scorer:
            lines.append(f"{task} was scored as {record.get('scorer')} and is now scored as {scorer}")
    for role, engine in facts["engines"].items():
        before = stored.get("engines", {}).get(role, engine)
        if before != engine:
            names = [f"{each['model']} at {each['endpoint']}" for each in (before, engine)]
            lines.append(f"{role} engine: {names[0]} before, now {names[1]}: its requests are sent again")
    rounds = stored["options"].get(ROUNDS, getattr(config, ROUNDS))
    if getattr(config, ROUNDS) > rounds:
        lines.append(
            f"extending the run from {rounds} to {getattr(config, ROUNDS)} rounds: earlier rounds are replayed"
        )
    return lines
