"""Centralized training: one client that holds all the data."""

from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import samples_of
from utils.federation.null_log import NullLog
from utils.federation.result import Result
from utils.federation.rounds import run_rounds
from utils.federation.setup import federate, load_tasks


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """The federation of one client, with the task's whole training data."""
    tasks = load_tasks(config, engines)
    validation = {tasks[0].name: list(range(len(tasks[0].val)))}
    return run_rounds(federate(config, engines, tasks, [samples_of(tasks[0], tasks[0].train)], [validation]), log)
