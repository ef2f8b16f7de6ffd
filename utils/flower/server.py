"""The run on the server: the usual round loop, with clients at their sites."""

import functools
import importlib
import os
from pathlib import Path
from typing import Any

from textgrad.errors import StopRun, UsageError
from textgrad.tasks import Task
from textgrad.text import load_json, normalize, replace_unencodable
from utils import report
from utils.config import Config
from utils.engines.by_role import Engines, check_names, connect
from utils.federation.client import Client
from utils.federation.evaluation import Sample
from utils.federation.rounds import run_rounds
from utils.federation.setup import Federation, check_min_clients, create_client, initial_prompt, public_text
from utils.files import keep_files_private
from utils.flower.held_out import held_out_task, scorer_of
from utils.flower.messenger import Messenger
from utils.flower.records import Record, encode_options
from utils.flower.run_archive import ERROR, RESULTS, pack
from utils.flower.site_registry import SiteRegistry
from utils.flower.transport import FlowerTransport
from utils.run_log.log import RunLog
from utils.run_log.summary import results_text

LOGS_VARIABLE = "FEDTEXTGRAD_LOGS"


def serve(grid: Any, options: str) -> None:
    """Run once, and print the results as one line for the launching machine.

    Args:
        grid: Flower's connection to the nodes.
        options: the configuration, as JSON.

    Raises:
        StopRun: the run cannot continue; also printed as one line for the launching machine.
    """
    keep_files_private()
    replace_unencodable()
    try:
        log = train(grid, config_of(options))
    except StopRun as reason:
        print(f"{ERROR}{reason}", flush=True)
        raise  # so that Flower marks the run as failed; sys.exit would leave it running
    print(RESULTS + pack(log.folder), flush=True)


def config_of(options: str) -> Config:
    """Return the run's configuration, with the server's own log folder.

    Raises:
        UsageError: an option is unknown or its value not allowed.
    """
    values: dict[str, Any] = load_json(options)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    values["log_dir"] = os.environ.get(LOGS_VARIABLE) or str(Path(__file__).resolve().parents[2] / "logs")
    try:
        config = Config(**values)
    except TypeError as error:
        raise UsageError(
            f"the launching machine uses another version of this program: {error}; install the same version on both"
        ) from error
    config.check()
    return config


def train(grid: Any, config: Config) -> RunLog:
    """Run all rounds and return the log.

    Raises:
        StopRun: the run cannot continue.
    """
    check_names(config)
    log = RunLog(config)
    log.write_page = functools.partial(report.write_page, log.folder)
    config = log.config
    engines = connect(config, log.call_log)
    try:
        tasks = [held_out_task(name, config, engines) for name in config.task]
        result = run_rounds(_federation(grid, config, engines, tasks, log), log)
        summary = log.finish(result)
        report.write(log.folder)
        log.say(results_text(summary))
        return log
    finally:
        log.close()
        engines.gateway.close()


def _federation(grid: Any, config: Config, engines: Engines, tasks: list[Task], log: RunLog) -> Federation:
    shards = importlib.import_module(config.module).partition_validation(config, tasks)
    if config.sites and not len(shards) == len(config.sites) == len(set(config.sites)):
        raise UsageError(
            f"--sites: the run has {len(shards)} clients and needs as many different names; got "
            f"{', '.join(config.sites)}"
        )
    check_min_clients(config, len(shards))
    messenger = Messenger(grid)
    request = request_to_sites(config, tasks)
    registry = SiteRegistry(messenger, request, config.sites, log.say)
    registry.wait_for_sites(len(shards), config.min_clients, config.flower_wait)
    clients = [_remote_client(config, engines, number, tasks, registry) for number in range(len(shards))]
    transport = FlowerTransport(config, engines.gateway, messenger, registry, request)
    return Federation(config, engines, tasks, clients, initial_prompt(config, tasks), shards, transport)


def request_to_sites(config: Config, tasks: list[Task]) -> Record:
    """Return what every message contains. Files are sent as names without folders: each site has its own files."""
    names = [normalize(Path(name).name) if name.endswith(".jsonl") else name for name in config.task]
    return {
        "options": encode_options(config),
        "tasks": names,
        "scorers": [normalize(Path(scorer_of(name, config)).name) for name in config.task],
        "public": public_text(tasks),
    }


def _remote_client(config: Config, engines: Engines, number: int, tasks: list[Task], registry: SiteRegistry) -> Client:
    """Return the server's view of a client: its number of questions per task, without their text."""
    name = registry.names[number]
    site = registry.sites.get(name)
    samples = [
        Sample(task, "", f"at {name}") for task in tasks for _ in range(site.questions.get(task.name, 0) if site else 0)
    ]
    return create_client(config, engines, number, samples, "")
