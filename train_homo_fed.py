"""Homogeneous federated training: one task, its data split over the clients."""

from utils.config import Config
from utils.engines import Engines
from utils.evaluation import samples_of
from utils.federation import federate, load_tasks, split_evenly, split_over_clients
from utils.rounds import NullLog, Result, run_rounds


def run_training(config: Config, engines: Engines, log: NullLog) -> Result:
    """N clients that share one task; a Dirichlet partition is over the classes of its answers."""
    tasks = load_tasks(config, engines)
    task, clients = tasks[0], config.homo_split_num
    samples = samples_of(task, task.train)
    labels = [task.answer_class((sample.question, sample.answer)) for sample in samples]
    shards = [{task.name: positions} for positions in split_evenly(task, clients, config.seed)]
    return run_rounds(federate(config, engines, tasks, split_over_clients(config, samples, labels, clients), shards), log)
