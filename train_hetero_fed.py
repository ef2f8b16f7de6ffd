"""Heterogeneous federated training: several tasks, one client each (or more), one global prompt for all of them."""

from utils.config import Config
from utils.engines import Engines
from utils.evaluation import samples_of
from utils.federation import federate, load_tasks, split_evenly, split_over_clients
from utils.rounds import NullLog, Result, run_rounds


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """`clients_per_task` clients for each task; a Dirichlet partition is over tasks, so that clients hold mixtures."""
    tasks = load_tasks(config, engines)
    clients = config.clients_per_task
    samples = {task.name: samples_of(task, task.train) for task in tasks}
    if config.partition == "dirichlet":
        pooled = [sample for of_task in samples.values() for sample in of_task]
        owners = split_over_clients(config, pooled, [sample.task.name for sample in pooled], clients * len(tasks))
        shards = [{task.name: split_evenly(task, len(owners), config.seed)[number] for task in tasks}
                  for number in range(len(owners))]
    else:
        owners = [owned for of_task in samples.values()
                  for owned in split_over_clients(config, of_task, [0] * len(of_task), clients)]
        shards = [{task.name: positions} for task in tasks for positions in split_evenly(task, clients, config.seed)]
    return run_rounds(federate(config, engines, tasks, owners, shards), log)
