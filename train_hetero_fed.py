"""Heterogeneous federated training: several tasks, one client each (or more), one global prompt for all of them."""

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample, samples_of
from utils.federation.null_log import NullLog
from utils.federation.result import Result
from utils.federation.rounds import run_rounds
from utils.federation.setup import federate, load_tasks, split_evenly, split_over_clients


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """`clients_per_task` clients for each task; a Dirichlet partition is over tasks, so that clients hold mixtures."""
    tasks = load_tasks(config, engines)
    return run_rounds(federate(config, engines, tasks, owners_of(config, tasks), shards_of(config, tasks)), log)


def owners_of(config: Config, tasks: list[Task]) -> list[list[Sample]]:
    """For each client its training questions."""
    clients = config.clients_per_task
    samples = [samples_of(task, task.train) for task in tasks]
    if config.partition == "dirichlet":
        pooled = [sample for of_task in samples for sample in of_task]
        return split_over_clients(config, pooled, [sample.task.name for sample in pooled], clients * len(tasks))
    return [owned for of_task in samples for owned in split_over_clients(config, of_task, [0] * len(of_task), clients)]


def shards_of(config: Config, tasks: list[Task]) -> list[dict[str, list[int]]]:
    """For each client the positions of its own validation questions, by task."""
    clients = config.clients_per_task
    if config.partition == "dirichlet":
        dealt = {task.name: split_evenly(task, clients * len(tasks), config.seed) for task in tasks}
        return [{name: shards[number] for name, shards in dealt.items()} for number in range(clients * len(tasks))]
    return [{task.name: positions} for task in tasks for positions in split_evenly(task, clients, config.seed)]
