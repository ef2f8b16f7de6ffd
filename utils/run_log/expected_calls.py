"""The expected calls of a run by part, from a dry run beside it.

The dry run has a process of its own with low priority: it loads the data again and keeps a processor busy for a while,
which must not slow the run, and its output must not reach the terminal.
"""

import contextlib
import functools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from textgrad.concurrency import Scope, run_in_background
from textgrad.tasks.scoring.user_function import is_function
from utils.config import Config
from utils.engines.forecast import forecast
from utils.run_log.progress import Progress

_ROOT = str(Path(__file__).resolve().parents[2])
_NICENESS = 10
_CHILD = "from utils.run_log.expected_calls import answer_parent; answer_parent()"


class ExpectedCalls:
    """A dry run in the background.

    Args:
        config: of the run.
        receive: takes the expected calls by part; see `Progress.expect`. Not called if the dry run fails.
        delay: seconds before the dry run starts.
    """

    def __init__(self, config: Config, receive: Callable[[Mapping[Scope, int]], None], delay: float):
        self._process: subprocess.Popen | None = None
        self._stopped = threading.Event()
        run = functools.partial(self._run, config, receive, delay)
        self._task = run_in_background(run) if _is_harmless(config) else None

    def _run(self, config: Config, receive: Callable[[Mapping[Scope, int]], None], delay: float) -> None:
        if self._stopped.wait(delay):
            return
        path = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        if self._stopped.is_set():  # since the check above
            self.stop()
        output, _ = self._process.communicate(pickle.dumps(config))
        if self._process.returncode == 0:
            receive(pickle.loads(output))

    def stop(self) -> None:
        """End the dry run."""
        self._stopped.set()
        if self._process is not None:
            self._process.terminate()


def _is_harmless(config: Config) -> bool:
    """Return False if a dry run would run a user's code a second time, or needs data that is on other machines."""
    return not (config.allow_code or is_function(config.scorer) or config.runtime == "flower")


def answer_parent() -> None:
    """Read a configuration from standard input, and write its expected calls to standard output."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    config: Config = pickle.load(sys.stdin.buffer)
    progress = Progress(config.max_epochs)
    with contextlib.redirect_stdout(sys.stderr):
        forecast(config, progress.count)
    sys.stdout.buffer.write(pickle.dumps(progress.calls))
