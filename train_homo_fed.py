"""Homogeneous federated training: one task, its data split over the clients."""

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample, samples_of
from utils.federation.null_log import NullLog
from utils.federation.result import Result
from utils.federation.rounds import run_rounds
from utils.federation.setup import federate, load_tasks, split_evenly, split_over_clients


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """N clients that share one task; a Dirichlet partition is over the classes of its answers."""
    tasks = load_tasks(config, engines)
    return run_rounds(federate(config, engines, tasks, owners_of(config, tasks), shards_of(config, tasks)), log)


def owners_of(config: Config, tasks: list[Task]) -> list[list[Sample]]:
    """For each client its training questions."""
    (task,) = tasks
    samples = samples_of(task, task.train)
    labels = [task.answer_class((sample.question, sample.answer)) for sample in samples]
    return split_over_clients(config, samples, labels, config.homo_split_num)


def shards_of(config: Config, tasks: list[Task]) -> list[dict[str, list[int]]]:
    """For each client the positions of its own validation questions."""
    (task,) = tasks
    return [{task.name: positions} for positions in split_evenly(task, config.homo_split_num, config.seed)]
