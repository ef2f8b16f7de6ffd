"""Heterogeneous federated training: several tasks, one or more clients per task, one global prompt for all."""

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample, samples_of
from utils.federation.null_log import NullLog
from utils.federation.partition import split_train, split_validation
from utils.federation.result import Result
from utils.federation.training import train


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """Train `clients_per_task` clients per task."""
    return train(config, engines, log, partition_train, partition_validation)


def partition_train(config: Config, tasks: list[Task]) -> list[list[Sample]]:
    """Return each client's training questions. A Dirichlet partition skews the tasks, so that clients hold mixtures."""
    by_task = [samples_of(task, "train") for task in tasks]
    if config.partition == "dirichlet":
        pooled = [sample for samples in by_task for sample in samples]
        labels = [sample.task.name for sample in pooled]
        return split_train(config, pooled, labels, config.clients_per_task * len(tasks), "")
    return [
        client
        for samples in by_task
        for client in split_train(config, samples, [0] * len(samples), config.clients_per_task, "--clients_per_task")
    ]


def partition_validation(config: Config, tasks: list[Task]) -> list[dict[str, list[int]]]:
    """Return the positions of each client's validation questions, by task."""
    if config.partition == "dirichlet":
        clients = config.clients_per_task * len(tasks)
        by_task = {task.name: split_validation(task, clients, config.seed) for task in tasks}
        return [{name: shards[client] for name, shards in by_task.items()} for client in range(clients)]
    return [
        {task.name: positions}
        for task in tasks
        for positions in split_validation(task, config.clients_per_task, config.seed)
    ]
