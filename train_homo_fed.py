"""Homogeneous federated training: one task, its data split over the clients."""

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample, samples_of
from utils.federation.null_log import NullLog
from utils.federation.partition import split_train, split_validation
from utils.federation.result import Result
from utils.federation.training import train


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """Train `homo_split_num` clients that share one task."""
    return train(config, engines, log, partition_train, partition_validation)


def partition_train(config: Config, tasks: list[Task]) -> list[list[Sample]]:
    """Return each client's training questions. A Dirichlet partition skews the classes of answers."""
    (task,) = tasks
    samples = samples_of(task, "train")
    labels = [task.answer_class((sample.question, sample.answer)) for sample in samples]
    return split_train(config, samples, labels, config.homo_split_num, "--num_clients")


def partition_validation(config: Config, tasks: list[Task]) -> list[dict[str, list[int]]]:
    """Return the positions of each client's validation questions, by task."""
    (task,) = tasks
    return [{task.name: positions} for positions in split_validation(task, config.homo_split_num, config.seed)]
