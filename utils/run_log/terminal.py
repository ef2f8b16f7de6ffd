"""Terminal output of a run: log lines and one progress bar. The lines also go to run.log."""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from textgrad.text import printable
from utils.config import Config
from utils.files import reporting_os_errors
from utils.run_log.bar import Bar
from utils.run_log.expected_calls import ExpectedCalls
from utils.run_log.progress import Progress


class Terminal:
    """Lines and a progress bar.

    Args:
        path: of run.log, written after `open`.
        config: of the run.
    """

    def __init__(self, path: Path, config: Config):
        self.path, self.config = path, config
        self._lock = threading.Lock()
        self._progress = Progress(config.max_epochs)
        self._bar: Bar | None = None
        self._expected: ExpectedCalls | None = None
        self._file: TextIO | None = None

    def open(self) -> None:
        """Open run.log and start the progress bar. A dry run finds its total when it is first shown."""
        with reporting_os_errors(self.path):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")
        self._bar = Bar(self._progress)
        self._expected = ExpectedCalls(self.config, self._progress.expect, self._bar.delay)

    def begin(self, phase: str, round_number: int = 0) -> None:
        """Show a phase; see `Progress.begin`."""
        with self._lock:
            self._progress.begin(phase, round_number)
            if self._bar is not None and self._bar.in_terminal:
                self._bar.refresh()

    def count(self) -> None:
        """Advance the bar by one call."""
        self._progress.count()
        with self._lock:
            if self._bar is not None:
                self._bar.update(1)

    def say(self, line: str, detail: bool = False) -> None:
        """Write a line to run.log with the time, and print it above the bar unless it is a detail."""
        line = printable(line)
        with self._lock:
            if self._file is not None:
                with reporting_os_errors(self.path):
                    self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")
                    self._file.flush()
            if detail and not self.config.verbose:
                return
            with contextlib.suppress(OSError):  # the reader of a pipe has gone; run.log continues
                if self._bar is not None:
                    self._bar.write(line, file=sys.stdout)
                    sys.stdout.flush()
                else:
                    print(line, flush=True)

    def close(self) -> None:
        """Close the bar and run.log."""
        if self._expected is not None:
            self._expected.stop()
        with self._lock:
            if self._bar is not None:
                self._bar.close()
                self._bar = None
            if self._file is not None:
                with contextlib.suppress(OSError):  # a full disk, reported before
                    self._file.close()
                self._file = None
