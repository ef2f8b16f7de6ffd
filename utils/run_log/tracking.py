"""Parameters, metrics, prompts and files of a run for its trackers, under the same names for each."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from utils.config import Config
from utils.federation.result import Round, Scores, overall, prompts_text
from utils.federation.setup import Federation
from utils.federation.update import Step
from utils.metrics.table import ROUND_METRICS
from utils.trackers import TrackedRun
from utils.trackers._background import check_trackers, open_trackers

_INTERRUPTED_SECONDS = 0.5  # for the trackers to end, after ctrl-C


class RunTracking:
    """The trackers of one run.

    Args:
        config: of the run.
        folder: of the run; need not exist yet.
        group: name of the folder of all seeds with --repeats, else "".
        warn: receives one line for each tracker that fails.

    Raises:
        UsageError: a tracker is unknown, or its package is missing.
    """

    def __init__(self, config: Config, folder: Path, group: str, warn: Callable[[str], None]):
        check_trackers(config)
        self._config, self._folder = config, folder
        self._trackers = open_trackers(TrackedRun(config, folder, group), warn)
        self._finished = False

    def start(self, federation: Federation) -> None:
        """Log the options, the initial prompt and the sizes of the data."""
        self._gateway = federation.engines.gateway
        options = dataclasses.asdict(self._config)
        self._trackers.log_params({**options, "task_description": federation.initial_prompt, **_lengths(federation)})

    def step(self, round_number: int, client: int, step: Step) -> None:
        """Log the accuracy of a minibatch before and after a local step."""
        position = (round_number - 1) * self._config.max_steps + step.number
        prefix = "" if self._config.module == "train_centralized" else f"client_{client}_"
        self._trackers.log_metric(f"{prefix}train_acc", step.before, step=position)
        self._trackers.log_metric(f"{prefix}updated_train_acc", step.after, step=position)

    def used(self, round_number: int) -> None:
        """Log the calls and tokens so far and, if the price of each role is known, the dollars."""
        budget, roles = self._gateway.budget, set(self._gateway.usage)
        for kind, amount in budget.used.items():
            if kind != "dollars" or roles <= set(budget.prices):
                self._trackers.log_metric(kind, amount, step=round_number)

    def round(self, finished: Round, validation: Scores) -> None:
        """Log the metrics and the prompts of a round; round 0 is the state before training."""
        finished = dataclasses.replace(finished, validation=validation)
        for metric in ROUND_METRICS:
            value = metric.value(finished)
            number = overall(value).value if isinstance(value, dict) else value
            self._trackers.log_metric(metric.key, number, step=finished.number)
        self._trackers.log_text(prompts_text(finished.prompts), step=finished.number)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Log the metrics of results.json at the last round."""
        self._finished = True
        for name, estimate in summary["metrics"].items():
            self._trackers.log_metric(name, estimate["value"], step=len(summary["rounds"]) - 1)

    def close(self, interrupted: bool) -> None:
        """Log the files of a finished run, and end the trackers; after an interruption, wait only for a moment."""
        if self._finished:
            for pattern in ("prompts/best.txt", "prompts/last.txt", "results.json", "report.html", "figures/*"):
                for path in sorted(self._folder.glob(pattern)):
                    self._trackers.log_file(path)
        self._trackers.close(*([_INTERRUPTED_SECONDS] if interrupted else []))


def _lengths(federation: Federation) -> dict[str, int]:
    """Return the numbers of questions, under the names of the published code, summed over tasks."""
    lengths = {
        f"{split}_length": sum(len(getattr(task, split)) for task in federation.tasks)
        for split in ("train", "val", "test")
    }
    return lengths | {f"client_{client.number}_train_length": len(client.samples) for client in federation.clients}
