"""One training run on this machine, the same for all modules: load, partition, federate, run the rounds."""

from collections.abc import Callable

from textgrad.tasks import Task
from utils.config import Config
from utils.engines.by_role import Engines
from utils.federation.evaluation import Sample
from utils.federation.null_log import NullLog
from utils.federation.result import Result
from utils.federation.rounds import run_rounds
from utils.federation.setup import federate, load_tasks


def train(
    config: Config,
    engines: Engines,
    log: NullLog,
    partition_train: Callable[[Config, list[Task]], list[list[Sample]]],
    partition_validation: Callable[[Config, list[Task]], list[dict[str, list[int]]]],
) -> Result:
    """Run a module.

    Args:
        config: options of the run.
        engines: its engines by role.
        log: receives every event.
        partition_train: returns each client's training questions.
        partition_validation: returns, for each client, the positions of its own validation questions by task.

    Raises:
        StopRun: the run cannot start or continue.
    """
    tasks = load_tasks(config, engines)
    train_samples, validation = partition_train(config, tasks), partition_validation(config, tasks)
    return run_rounds(federate(config, engines, tasks, train_samples, validation), log)
