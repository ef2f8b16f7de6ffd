"""Logging to comet.com beside a run, under the names of the published code. It may fail; the run never does.

Comet is slow to import and may be slow to reach, so a thread of its own does everything in order.
"""

import os
import queue
import threading
import warnings
from collections.abc import Callable
from typing import Any

_PATIENCE = 30.0  # seconds to wait at the end for what is still to be sent
_CONNECTING = 5.0  # seconds to wait at the end for an experiment that has not even begun


class Comet:
    """One experiment.

    Args:
        mode: "offline" (an archive in `log_path`), "online" (needs COMET_API_KEY) or "disabled".
        project_name: comet's project.
        log_path: folder of offline archives.
        warn: told, once, why comet is not used.
    """

    def __init__(self, mode: str, project_name: str, log_path: str, warn: Callable[[str], None]):
        self._make = lambda: _experiment(mode, project_name, log_path)
        self._warn = warn
        self._orders: queue.SimpleQueue = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._begun = threading.Event()
        self._enabled = mode != "disabled"

    def open(self, parameters: dict[str, Any]) -> None:
        """Starts the experiment with its parameters."""
        if self._enabled:
            self._thread.start()
            self.log("log_parameters", parameters)

    def log(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Orders a call of the experiment's `method`; returns at once."""
        if self._enabled:
            self._orders.put((method, args, kwargs))

    def close(self, patience: float = _PATIENCE) -> None:
        """Sends what is left and ends the experiment, or leaves it after `patience` seconds."""
        if not self._thread.is_alive():
            return
        self._orders.put(None)
        if self._begun.wait(min(patience, _CONNECTING)):
            self._thread.join(patience)
        if self._thread.is_alive() and self._enabled:
            self._enabled = False
            self._warn(
                "comet has not everything of this run: "
                + (
                    "it is still sending"
                    if self._begun.is_set()
                    else "comet.com does not answer; --comet_mode offline needs no network"
                )
            )

    def _work(self) -> None:
        try:
            experiment = self._make()
            if not experiment.alive:  # it tells of a wrong key in its own log alone
                raise RuntimeError("comet.com refused the experiment; is COMET_API_KEY right?")
            self._begun.set()
            while order := self._orders.get():
                method, args, kwargs = order
                getattr(experiment, method)(*args, **kwargs)
            experiment.end()
        except Exception as error:  # comet raises many kinds, and none of them matters to the run
            if self._enabled:
                self._enabled = False
                self._warn(f"comet is not used: {type(error).__name__}: {_without_key(str(error))}")
        finally:
            self._begun.set()


def _experiment(mode: str, project_name: str, log_path: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.setdefault("COMET_LOGGING_CONSOLE", "CRITICAL")
        import comet_ml
    quiet = {
        "project_name": project_name,
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
    if mode == "offline":
        os.makedirs(log_path, mode=0o700, exist_ok=True)
        return comet_ml.OfflineExperiment(offline_directory=log_path, **quiet)
    key = os.environ.get("COMET_API_KEY")
    if not key:
        raise RuntimeError("COMET_API_KEY is not set; set it, or use --comet_mode offline or disabled")
    return comet_ml.Experiment(api_key=key, **quiet)


def _without_key(text: str) -> str:
    key = os.environ.get("COMET_API_KEY")
    return text.replace(key, "***") if key else text
