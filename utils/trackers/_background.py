"""The trackers of a run: each is called in a thread of its own, so that none delays or disturbs the run or another."""

import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from textgrad.discovery import load
from textgrad.errors import StopRun, UsageError
from utils.config import Config
from utils.trackers import PACKAGE, TrackedRun, Tracker

_CLOSING_SECONDS = 60.0  # maximum wait at the end of a run, for all trackers together
_SHORTEST_SECRET = 8  # characters; a shorter one may occur in a text by chance
_LONGEST_WARNING = 300  # characters
_NO_RESPONSE = "its server does not respond"
_SECRET_NAMES = ("_KEY", "_TOKEN", "_PASSWORD", "_SECRET")
_USER_OF_URL = re.compile(r"(?<=://)[^/\s@]+@")


class BackgroundTracker:
    """Calls a tracker in order in its own thread.

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
        unreachable: str = _NO_RESPONSE,
    ):
        self._name, self._make, self._warn, self._unreachable = name, make, warn, unreachable
        self._calls: queue.SimpleQueue[Callable[[Tracker], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"tracker {name}")
        self._started = threading.Event()
        self._active = True

    def submit(self, call: Callable[[Tracker], None]) -> None:
        """Call the tracker later. The first call starts the thread."""
        if self._active:
            if not self._thread.ident:
                self._thread.start()
            self._calls.put(call)

    def end(self) -> None:
        """End the tracker after the calls so far; does not wait."""
        self._calls.put(None)

    def join(self, deadline: float) -> None:
        """Wait for the end of the tracker, or abandon it.

        Args:
            deadline: on the clock of `time.monotonic`.
        """
        if not self._thread.is_alive():
            return
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            reason = "it is still sending" if self._started.is_set() else self._unreachable
            self._fail(f"{self._name} tracker: not everything of this run was sent: {reason}")

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
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            self._fail(f"{self._name} tracker stopped: {without_secrets(reason)[:_LONGEST_WARNING]}")

    def _fail(self, message: str) -> None:
        if self._active:
            self._active = False
            self._warn(message)


class Trackers:
    """Passes everything to several trackers, without secrets. The methods are those of `Tracker`."""

    def __init__(self, trackers: Iterable[BackgroundTracker]):
        self._trackers = list(trackers)

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters; see `Tracker`."""
        clean = {name: _cleaned(value) for name, value in params.items()}
        self._submit(lambda tracker: tracker.log_params(clean))

    def log_metric(self, name: str, value: float | None, step: int) -> None:
        """Log a number; None, a share of nothing, is left out."""
        if value is not None:
            self._submit(lambda tracker: tracker.log_metric(name, value, step))

    def log_text(self, text: str, step: int) -> None:
        """Log a text; see `Tracker`."""
        clean = without_secrets(text)
        self._submit(lambda tracker: tracker.log_text(clean, step))

    def log_file(self, path: Path) -> None:
        """Log a file; see `Tracker`."""
        self._submit(lambda tracker: tracker.log_file(path))

    def close(self, seconds: float = _CLOSING_SECONDS) -> None:
        """Send the remaining data and end all trackers at once; abandon those that take longer than `seconds`."""
        for tracker in self._trackers:
            tracker.end()
        deadline = time.monotonic() + seconds
        for tracker in self._trackers:
            tracker.join(deadline)

    def _submit(self, call: Callable[[Tracker], None]) -> None:
        for tracker in self._trackers:
            tracker.submit(call)


def check_trackers(config: Config) -> None:
    """Check the trackers of `--tracker` before the run starts.

    Raises:
        UsageError: no tracker has this name, or a package that it needs is missing.
    """
    for name in config.tracker:
        check = getattr(load(PACKAGE, name, "tracker"), "check", None)
        try:
            if check:
                check(config)
        except StopRun as error:
            raise UsageError(f"--tracker {name}: {error}") from error


def open_trackers(run: TrackedRun, warn: Callable[[str], None]) -> Trackers:
    """Return the trackers of `--tracker`; their threads start with the first call.

    Args:
        run: its folder must exist at the first call.
        warn: receives one line for each tracker that fails.
    """

    def background(name: str) -> BackgroundTracker:
        module = load(PACKAGE, name, "tracker")
        return BackgroundTracker(name, lambda: module.make(run), warn, getattr(module, "UNREACHABLE", _NO_RESPONSE))

    return Trackers(map(background, dict.fromkeys(run.config.tracker)))


def without_secrets(text: str) -> str:
    """Return a text without the keys of the environment and without user and password of URLs."""
    for name, value in os.environ.items():
        if name.endswith(_SECRET_NAMES) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    return _USER_OF_URL.sub("***@", text)


def _cleaned(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_cleaned, value))
    return without_secrets(value) if isinstance(value, str) else value
