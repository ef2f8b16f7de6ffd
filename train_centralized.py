"""Centralized training: one client that holds all the data."""

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample, samples_of
from utils.federation.null_log import NullLog
from utils.federation.partition import check_size
from utils.federation.result import Result
from utils.federation.training import train


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """Train one client on the whole training data of one task."""
    return train(config, engines, log, partition_train, partition_validation)


def partition_train(config: Config, tasks: list[Task]) -> list[list[Sample]]:
    """Return the training questions of the only client: all of them."""
    (task,) = tasks
    samples = samples_of(task, "train")
    check_size(config, samples, clients=1)
    return [samples]


def partition_validation(config: Config, tasks: list[Task]) -> list[dict[str, list[int]]]:
    """Return the positions of the only client's validation questions: all of them."""
    (task,) = tasks
    return [{task.name: list(range(len(task.val)))}]
