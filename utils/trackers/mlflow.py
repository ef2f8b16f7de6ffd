"""Log to MLflow: to the server in MLFLOW_TRACKING_URI, or to a database below the folder of all runs."""

import functools
import logging
import os
import re
from pathlib import Path
from typing import Any

from textgrad.packages import require_package
from utils.config import Config
from utils.trackers import TrackedRun, Tracker

UNREACHABLE = "it has not started; if MLFLOW_TRACKING_URI is set, check that its server responds"

_EXPERIMENT = "fedtextgrad"
_ID_TAG = "fedtextgrad.id"
_BATCH = 100  # parameters per request, at most
_FORBIDDEN = re.compile(r"[^\w.-]")  # in names of parameters and metrics


class MLflow(Tracker):
    """One run of MLflow. Values that are logged already, by the run before it was resumed, are not logged again.

    Args:
        client: `mlflow.MlflowClient`.
        logged: the run as it is stored.
        folder: of the run.
    """

    def __init__(self, client: Any, logged: Any, folder: Path):
        self._client, self._run_id, self._folder = client, logged.info.run_id, folder
        self._params, self._metrics = logged.data.params, logged.data.metrics

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters. MLflow does not let them change: a changed value becomes the tag `resumed.<name>`."""
        from mlflow.entities import Param

        texts = {_allowed(name): str(value) for name, value in params.items()}
        new = [Param(name, text) for name, text in texts.items() if name not in self._params]
        for start in range(0, len(new), _BATCH):
            self._client.log_batch(self._run_id, params=new[start : start + _BATCH])
        for name, stored in self._params.items():
            if not texts.get(name, stored).startswith(stored):  # MLflow cuts long values
                self._client.set_tag(self._run_id, f"resumed.{name}", texts[name])

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log one value of a metric."""
        name = _allowed(name)
        if step not in self._steps(name):
            self._client.log_metric(self._run_id, name, value, step=step)

    def log_text(self, text: str, step: int) -> None:
        """Write prompts/round<step>.txt."""
        self._client.log_text(self._run_id, text, f"prompts/round{step:02d}.txt")

    def log_file(self, path: Path) -> None:
        """Upload a file, into the subfolder that it has in the run folder."""
        subfolder = path.relative_to(self._folder).parent.as_posix()
        self._client.log_artifact(self._run_id, str(path), None if subfolder == "." else subfolder)

    def close(self) -> None:
        """Mark the run as finished."""
        self._client.set_terminated(self._run_id)

    @functools.cache  # noqa: B019 - lives as long as the run
    def _steps(self, name: str) -> set[int]:
        """Return the steps of a metric before the run was resumed."""
        if name not in self._metrics:
            return set()
        return {point.step for point in self._client.get_metric_history(self._run_id, name)}


def check(config: Config) -> None:
    """Check that the packages are installed; a database needs two more of them than a server.

    Raises:
        BrokenSystem: one is missing.
    """
    for package in ("mlflow", *(() if _uri() else ("sqlalchemy", "alembic"))):
        require_package(package)


def make(run: TrackedRun) -> MLflow:
    """Start a run of MLflow, or continue that of the same run folder."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a run sends nothing to MLflow's makers
    from mlflow import MlflowClient  # takes seconds to import

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    store = run.logs.absolute() / "mlflow"
    if not _uri():
        store.mkdir(mode=0o700, exist_ok=True)
    client = MlflowClient(_uri() or f"sqlite:///{store}/mlflow.db")
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or _EXPERIMENT
    experiment = client.get_experiment_by_name(name)
    place = None if _uri() else (store / "artifacts").as_uri()
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(name, place)
    own_id = run.id_for("mlflow")
    found = client.search_runs([experiment_id], f"tags.`{_ID_TAG}` = '{own_id}'", max_results=1)
    if found:
        client.update_run(found[0].info.run_id, status="RUNNING")
    started = found[0] if found else client.create_run(experiment_id, tags={_ID_TAG: own_id}, run_name=run.name)
    return MLflow(client, started, run.folder)


def _uri() -> str | None:
    return os.environ.get("MLFLOW_TRACKING_URI")


def _allowed(name: str) -> str:
    return _FORBIDDEN.sub("_", name)
