"""Train on this machine, the same way for every module: load tasks, partition data, create clients, run rounds."""

from collections.abc import Callable

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample
from utils.federation.null_log import NullLog
from utils.federation.result import Result
from utils.federation.rounds import run_rounds
from utils.federation.setup import create_federation, load_tasks


def train(
    config: Config,
    engines: Engines,
    log: NullLog,
    partition_train: Callable[[Config, list[Task]], list[list[Sample]]],
    partition_validation: Callable[[Config, list[Task]], list[dict[str, list[int]]]],
) -> Result:
    """Run the training of one module.

    Args:
        config: options of the run.
        engines: by role.
        log: receives every event.
        partition_train: returns each client's training questions.
        partition_validation: returns one dict per client: {task name: positions of its validation questions}.

    Raises:
        StopRun: the run cannot start or continue.
    """
    tasks = load_tasks(config, engines)
    train_samples, validation = partition_train(config, tasks), partition_validation(config, tasks)
    return run_rounds(create_federation(config, engines, tasks, train_samples, validation), log)
