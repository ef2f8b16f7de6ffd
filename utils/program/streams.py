"""Standard streams that never raise: full, closed, or without a reader."""

import contextlib
import errno
import io
import os
import sys
import time
from typing import Any, TextIO


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
        if failed(other):
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


def failed(stream: TextIO) -> bool:
    return _error_of(stream) is not None


def lost(stream: TextIO) -> bool:
    """Return True if output was lost against the user's will: the stream was not closed, nor was its reader gone."""
    error = _error_of(stream)
    return error is not None and error.errno not in (errno.EBADF, errno.EPIPE)
