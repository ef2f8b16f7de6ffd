"""Split a task's data into one folder per site, exactly as a run on one machine splits it over its clients.

    python -m utils.flower.export_shards --to FOLDER [argument of main.py ...]

Write FOLDER/<site>/<task>.jsonl for every site and, for each task that is a file, FOLDER/server/<task>.jsonl with its
validation and test questions. FOLDER/sites lists the sites, one per line: those of --sites (default: site-0, site-1,
...). With --score_by clients, each site also gets its share of the validation questions. This is for trials: real sites
have their own data.
"""

import importlib
import json
from pathlib import Path

from textgrad.errors import UsageError
from textgrad.tasks import Task
from utils.config import Config, parse
from utils.engines.by_role import connect
from utils.federation.evaluation import Sample, samples_of
from utils.federation.setup import load_tasks
from utils.files import reporting_os_errors
from utils.program.command import exit_status, run_command

_OTHER_FILES = ("server", "sites", "superlink", "home", "keys")  # in the same folder


def export(config: Config, folder: Path) -> list[str]:
    """Write the folders. Return the names of the sites of clients 0, 1, ...

    Raises:
        UsageError: the data or the options are unusable.
    """
    tasks = load_tasks(config, connect(config, ":memory:"))
    module = importlib.import_module(config.module)
    owners = module.partition_train(config, tasks)
    shards = module.partition_validation(config, tasks) if config.score_by == "clients" else [{} for _ in owners]
    held_out = {task.name: samples_of(task, "val") for task in tasks}
    sites = _site_names(config, len(owners))
    for site, samples, shard in zip(sites, owners, shards, strict=True):
        for name in dict.fromkeys([*(sample.task.name for sample in samples), *filter(shard.get, shard)]):
            rows = [_row(sample) for sample in samples if sample.task.name == name]
            rows += [{**_row(held_out[name][position]), "split": "val"} for position in shard.get(name, ())]
            _write(folder / site / f"{name}.jsonl", rows)
    for name, task in zip(config.task, tasks, strict=True):
        if name.endswith(".jsonl"):
            _write(folder / "server" / f"{task.name}.jsonl", _held_out_rows(task))
    with reporting_os_errors(folder / "sites"):
        (folder / "sites").write_text("".join(f"{site}\n" for site in sites), encoding="utf-8")
    return sites


def _site_names(config: Config, count: int) -> list[str]:
    width = len(str(count - 1))
    names = list(config.sites) or [f"site-{number:0{width}d}" for number in range(count)]
    if len(names) != count:
        raise UsageError(f"--sites names {len(names)} sites, but the run has {count} clients: name one site per client")
    for name in names:
        if Path(name).name != name or name in _OTHER_FILES or not name.isprintable() or "'" in name:
            raise UsageError(f"--sites: {name!r} cannot be the name of a folder here: use letters, digits, - and _")
    return names


def _held_out_rows(task: Task) -> list[dict[str, str]]:
    return [{**_row(sample), "split": split} for split in ("val", "test") for sample in samples_of(task, split)]


def _row(sample: Sample) -> dict[str, str]:
    return {"question": sample.question, "answer": sample.answer}


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with reporting_os_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit status."""
    return exit_status(lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    if "--to" not in arguments[:-1]:
        raise UsageError("--to is missing: name the folder to write to, such as --to trial")
    position = arguments.index("--to")
    folder = Path(arguments[position + 1])
    sites = export(parse(arguments[:position] + arguments[position + 2 :]), folder)
    print(f"{folder}: " + ", ".join(sites))
    return 0


if __name__ == "__main__":
    run_command(main)
