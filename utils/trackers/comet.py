"""Log to comet.com, under the metric names of the published code."""

import os
import warnings
from pathlib import Path
from typing import Any

from textgrad.packages import require_package
from utils.config import Config
from utils.metrics.table import find_metric
from utils.trackers import TrackedRun, Tracker

UNREACHABLE = "comet.com does not respond; --comet_mode offline needs no network"

_QUIET: dict[str, Any] = {
    "log_code": False,
    "log_env_details": False,
    "log_git_metadata": False,
    "log_git_patch": False,
    "auto_metric_logging": False,
    "auto_param_logging": False,
    "auto_output_logging": False,
    "auto_histogram_weight_logging": False,
    "parse_args": False,
    "display_summary_level": 0,
}


class Comet(Tracker):
    """One experiment of comet.com."""

    def __init__(self, experiment: Any):
        self._experiment = experiment

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters."""
        self._experiment.log_parameters(params)

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log one value of a metric."""
        self._experiment.log_metric(name, value, step=step)
        if find_metric(name):  # the published code logs the numbers of a finished run as parameters
            self._experiment.log_parameter(name, value)

    def log_text(self, text: str, step: int) -> None:
        """Log the prompt of a round."""
        self._experiment.log_text(text, step=step)

    def log_file(self, path: Path) -> None:
        """Upload a file."""
        self._experiment.log_asset(str(path))

    def close(self) -> None:
        """Send everything and end the experiment."""
        self._experiment.end()


def check(config: Config) -> None:
    """Check that comet_ml is installed.

    Raises:
        BrokenSystem: it is missing.
    """
    if config.comet_mode != "disabled":
        require_package("comet_ml")


def make(run: TrackedRun) -> Comet | None:
    """Start an experiment as `--comet_mode` says: "offline" writes an archive, "online" needs COMET_API_KEY.

    Raises:
        RuntimeError: COMET_API_KEY is missing or wrong.
    """
    config = run.config
    if config.comet_mode == "disabled":
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.setdefault("COMET_LOGGING_CONSOLE", "CRITICAL")
        import comet_ml  # takes seconds to import
    if config.comet_mode == "offline":
        os.makedirs(config.comet_log_path, mode=0o700, exist_ok=True)
        return Comet(
            comet_ml.OfflineExperiment(
                project_name=config.comet_project_name, offline_directory=config.comet_log_path, **_QUIET
            )
        )
    key = os.environ.get("COMET_API_KEY")
    if not key:
        raise RuntimeError("COMET_API_KEY is not set; set it, or use --comet_mode offline or disabled")
    experiment = comet_ml.Experiment(api_key=key, project_name=config.comet_project_name, **_QUIET)
    if not experiment.alive:  # comet_ml reports a wrong key in its own log only
        raise RuntimeError("comet.com refused the experiment; is COMET_API_KEY right?")
    return Comet(experiment)
