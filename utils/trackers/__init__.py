"""Experiment trackers: services that show a run while it is running. One file per tracker, found by its name.

A tracker's file defines `make(config)`, which returns a `Tracker`, or None to log nothing. It may define UNREACHABLE,
the message for a server that does not respond. A tracker may be slow or fail; the run neither waits for it nor stops.
"""

import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textgrad.discovery import load

PACKAGE = "utils.trackers"
_SENDING_SECONDS = 30.0  # maximum wait at the end of a run for data that are still being sent
_CONNECTING_SECONDS = 5.0  # maximum wait at the end of a run for a tracker that has not started


class Tracker:
    """What a tracker can log; a subclass overrides what its service supports. Errors are reported once, by the log."""

    def log_params(self, params: dict[str, Any]) -> None:
        """Log options at the start and metrics of results.json at the end."""

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log a number that changes during the run, such as validation accuracy."""

    def log_text(self, text: str, step: int) -> None:
        """Log the prompt of a round."""

    def log_file(self, path: Path) -> None:
        """Log a file of the run folder, such as prompts/best.txt."""

    def close(self) -> None:
        """End the experiment and wait until everything has been sent."""


class BackgroundTracker:
    """Calls a tracker in order in its own thread, so that a slow service never delays the run.

    Args:
        name: the tracker's name, for warnings.
        make: returns the tracker; called in the thread, as its library may be slow to import.
        warn: receives one line if the tracker fails.
        unreachable: message if the tracker has not started by the end of the run.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Tracker | None],
        warn: Callable[[str], None],
        unreachable: str = "its server does not respond",
    ):
        self._name, self._make, self._warn, self._unreachable = name, make, warn, unreachable
        self._calls: queue.SimpleQueue[Callable[[Tracker], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"tracker {name}")
        self._started = threading.Event()
        self._active = True

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters; see `Tracker`."""
        self._put(lambda tracker: tracker.log_params(params))

    def log_metric(self, name: str, value: float | None, step: int) -> None:
        """Log a number; None, a share of no questions, is left out."""
        if value is not None:
            self._put(lambda tracker: tracker.log_metric(name, value, step))

    def log_text(self, text: str, step: int) -> None:
        """Log a text; see `Tracker`."""
        self._put(lambda tracker: tracker.log_text(text, step))

    def log_file(self, path: Path) -> None:
        """Log a file; see `Tracker`."""
        self._put(lambda tracker: tracker.log_file(path))

    def close(self, seconds: float = _SENDING_SECONDS) -> None:
        """Send the remaining data and end the tracker, or abandon it after `seconds`."""
        if not self._thread.is_alive():
            return
        self._calls.put(None)
        if self._started.wait(min(seconds, _CONNECTING_SECONDS)):
            self._thread.join(seconds)
        if self._thread.is_alive():
            reason = "it is still sending" if self._started.is_set() else self._unreachable
            self._fail(f"{self._name} tracker: not everything of this run was sent: {reason}")

    def _put(self, call: Callable[[Tracker], None]) -> None:
        if self._active:
            if not self._thread.ident:
                self._thread.start()
            self._calls.put(call)

    def _run(self) -> None:
        try:
            tracker = self._make()
            self._started.set()
            if tracker is None:
                self._active = False
                return
            while call := self._calls.get():
                call(tracker)
            tracker.close()
        except Exception as error:  # trackers raise many kinds of errors, and none may stop the run
            self._fail(f"{self._name} tracker stopped: {type(error).__name__}: {_without_secrets(str(error))}")
        finally:
            self._started.set()

    def _fail(self, message: str) -> None:
        if self._active:
            self._active = False
            self._warn(message)


def open_tracker(config: Any, warn: Callable[[str], None]) -> BackgroundTracker:
    """Return the tracker of `--tracker`; its thread starts with the first call.

    Args:
        config: the run's `Config`.
        warn: receives one line if the tracker fails.

    Raises:
        UsageError: no tracker has this name.
    """
    module = load(PACKAGE, config.tracker, "tracker")
    unreachable = getattr(module, "UNREACHABLE", "its server does not respond")
    return BackgroundTracker(config.tracker, lambda: module.make(config), warn, unreachable)


def _without_secrets(text: str) -> str:
    secrets = {value for name, value in os.environ.items() if name.endswith(("_KEY", "_TOKEN")) and value}
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
