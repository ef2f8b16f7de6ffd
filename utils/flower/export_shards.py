"""Deals a task's data to folders, one a site, exactly as a run on one machine would deal it to its clients.

    python -m utils.flower.export_shards --to FOLDER [options of main.py]

writes FOLDER/<site>/<task>.jsonl for every site and, for a task that is a file, FOLDER/server/<task>.jsonl with the
held-out questions. The sites are those of --sites, else site-0, site-1, ... For trying out: real sites own their data.
"""

import importlib
import json
import sys
from pathlib import Path

from textgrad.errors import StopRun, UsageError
from utils.config import Config, parse
from utils.engines.by_role import connect
from utils.federation.evaluation import Sample, samples_of
from utils.federation.setup import load_tasks


def export(config: Config, folder: Path) -> list[str]:
    """Writes the folders; returns the names of the sites, as clients 0, 1, ...

    Raises:
        UsageError: the data or the options are unusable.
    """
    module = importlib.import_module(config.module)
    tasks = load_tasks(config, connect(config, ":memory:"))
    owners = module.owners_of(config, tasks)
    width = len(str(len(owners) - 1))
    sites = list(config.sites) or [f"site-{number:0{width}d}" for number in range(len(owners))]
    if len(sites) != len(owners):
        raise UsageError(f"--sites names {len(sites)} sites, and the run has {len(owners)} clients")
    for site, samples in zip(sites, owners, strict=True):
        for name in dict.fromkeys(sample.task.name for sample in samples):
            _write(folder / site / f"{name}.jsonl", [_row(sample) for sample in samples if sample.task.name == name])
    for name, task in zip(config.task, tasks, strict=True):
        if name.endswith(".jsonl"):
            _write(
                folder / "server" / f"{task.name}.jsonl",
                [
                    {**_row(sample), "split": split}
                    for split in ("val", "test")
                    for sample in samples_of(task, getattr(task, split))
                ],
            )
    return sites


def _row(sample: Sample) -> dict[str, str]:
    return {"question": sample.question, "answer": sample.answer}


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Runs the command line; returns the exit status."""
    try:
        if "--to" not in arguments[:-1]:
            raise UsageError("--to FOLDER is missing")
        place = arguments.index("--to")
        folder = Path(arguments[place + 1])
        sites = export(parse(arguments[:place] + arguments[place + 2 :]), folder)
    except StopRun as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    print(f"{folder}: " + ", ".join(sites))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
