"""Terminal output of a run: log lines and one progress bar. The lines also go to run.log."""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from textgrad.text import printable
from utils.files import reporting_os_errors


class Terminal:
    """Lines and a progress bar.

    Args:
        path: of run.log, written after `open`.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()
        self._bar = None
        self._file: TextIO | None = None

    def open(self, total: int | None = None) -> None:
        """Open run.log and start the progress bar.

        Args:
            total: expected maximum number of replies, or None.
        """
        from tqdm import tqdm  # imported here, so that --help stays fast

        with reporting_os_errors(self.path):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")
        in_terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=total,
            unit="reply",
            desc="replies",
            mininterval=0.2 if in_terminal else 10,
            dynamic_ncols=in_terminal,
            file=sys.stderr if in_terminal else _LineByLine(),
        )

    def count(self) -> None:
        """Advance the bar by one reply."""
        with self._lock:
            if self._bar is not None:
                self._bar.update(1)

    def say(self, line: str) -> None:
        """Print a line above the bar, and write it to run.log with the time."""
        line = printable(line)
        with self._lock:
            if self._file is not None:
                with reporting_os_errors(self.path):
                    self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")
                    self._file.flush()
            with contextlib.suppress(OSError):  # the reader of a pipe has gone; run.log continues
                if self._bar is not None:
                    self._bar.write(line, file=sys.stdout)
                    sys.stdout.flush()
                else:
                    print(line, flush=True)

    def close(self) -> None:
        """Close the bar and run.log."""
        with self._lock:
            if self._bar is not None:
                self._bar.close()
                self._bar = None
            if self._file is not None:
                with contextlib.suppress(OSError):  # a full disk, reported before
                    self._file.close()
                self._file = None


class _LineByLine:
    """Standard error that is not a terminal: every update of the bar is a line."""

    @property
    def encoding(self) -> str:
        return sys.stderr.encoding

    def write(self, text: str) -> None:
        text = text.replace("\r", "").strip()
        if text:
            sys.stderr.write(text + "\n")

    def flush(self) -> None:
        sys.stderr.flush()
