"""What all programs of the project share: exit statuses, one-line errors, signals, and streams that never raise.

A program calls `run_command(main)`. Its `main` calls `exit_status` around everything it does.
"""

import contextlib
import errno
import io
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from textgrad.errors import StopRun
from textgrad.system_errors import as_stop_run
from textgrad.text import printable, replace_unencodable

EXIT_OK, EXIT_OUTPUT, EXIT_USAGE, EXIT_BUDGET, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 3, 130, 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: stops a run as ctrl-C does."""


def exit_status(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; print an error as one line.

    Raises:
        Exception: an error in the program, with its traceback.
    """
    replace_unencodable()
    try:
        return command()
    except KeyboardInterrupt as signalled:
        return EXIT_TERMINATED if isinstance(signalled, Terminated) else EXIT_INTERRUPTED
    except Exception as error:
        reason = as_stop_run(error)
        if reason is None:
            raise
        return print_error(reason)


def print_error(reason: StopRun) -> int:
    """Print why there is no result, in one line; return the exit status."""
    line = f"error: {printable(' '.join(str(reason).split()))}"
    print(line, file=sys.stderr, flush=True)
    if _failed(sys.stderr):
        print(line, flush=True)
    return EXIT_USAGE


def run_command(main: Callable[[list[str]], int]) -> None:
    """Run a program with the words of its command line, and exit with its status.

    Args:
        main: takes the words and returns an exit status.

    Raises:
        SystemExit: always.
    """
    protect_streams()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:  # --help
        status = end.code if isinstance(end.code, int) else EXIT_OK
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(signal.SIGINT, lambda *_: os._exit(EXIT_INTERRUPTED))  # while the interpreter shuts down
    sys.exit(EXIT_OUTPUT if status == EXIT_OK and _lost(sys.stdout) else status)


def protect_streams() -> None:
    """Replace the standard streams: output that is full, closed or has no reader does not end a program.

    Its loss is reported once on the other stream. Characters that the terminal cannot show are replaced.
    """
    closed = [descriptor for descriptor in range(3) if not _is_open(descriptor)]
    for _ in closed:  # a file opened later must not become a standard stream, which child processes write to
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = _protected(sys.stdout, 1, "standard output")
    sys.stderr = _protected(sys.stderr, 2, "standard error")


def _terminate(*_: Any) -> None:
    raise Terminated


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


class _Output(io.RawIOBase):
    """A binary stream that discards what cannot be written.

    Attributes:
        error: of the first failed write, or None.
    """

    def __init__(self, raw: Any, name: str, error: OSError | None):
        self.raw, self.name, self.error, self._reported = raw, name, error, False

    def write(self, data: Any) -> int:
        """Write bytes, or discard them after a failure."""
        while self.error is None:
            try:
                if (written := self.raw.write(data)) is not None:
                    return written
                time.sleep(0.01)  # a pipe that does not block is full
            except OSError as error:
                self.error = error
        self._report()
        return len(data)

    def _report(self) -> None:
        if self._reported or self.error is None or self.error.errno == errno.EPIPE:
            return
        self._reported = True
        other = sys.stderr if self.name == "standard output" else sys.stdout
        if _failed(other):
            return
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # RuntimeError: the other stream fails right now
            reason = "it is closed" if self.error.errno == errno.EBADF else self.error.strerror
            print(f"warning: cannot write {self.name}: {reason}; a run also writes to run.log", file=other, flush=True)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.error is None and self.raw.isatty()

    def fileno(self) -> int:
        return self.raw.fileno()


def _protected(stream: TextIO | None, descriptor: int, name: str) -> TextIO:
    """Return a text stream that never raises, in place of a standard stream or of a closed one (None)."""
    error = OSError(errno.EBADF, "it is closed") if stream is None else None
    if stream is None:
        stream = os.fdopen(descriptor, "w", encoding="utf-8", closefd=False)
    raw = getattr(stream.buffer, "raw", stream.buffer)
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(raw, name, error)),
        encoding=stream.encoding,
        errors="replace" if descriptor == 1 else "backslashreplace",
        line_buffering=bool(stream.line_buffering) or error is not None,
        write_through=getattr(stream, "write_through", False),
    )


def _error_of(stream: TextIO) -> OSError | None:
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.error if isinstance(raw, _Output) else None


def _failed(stream: TextIO) -> bool:
    return _error_of(stream) is not None


def _lost(stream: TextIO) -> bool:
    """Return True if output was lost against the user's will: the stream was not closed, nor was its reader gone."""
    error = _error_of(stream)
    return error is not None and error.errno not in (errno.EBADF, errno.EPIPE)
