"""Writing so that a reader at any moment finds whole files, private to the user."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textgrad.errors import BrokenSystem


@contextlib.contextmanager
def reporting_os_errors(path: Path) -> Iterator[None]:
    """Turns a failure to write (full disk, missing right) into one line that names the file."""
    try:
        yield
    except OSError as error:
        raise BrokenSystem(
            f"{path} cannot be written: {error.strerror or error}; make room or change its rights, then "
            "run the same command again"
        ) from error


def atomic_write(path: Path, content: str | bytes) -> None:
    """Replaces a file at once: a reader sees the old content or the new, never a part. One that says so is left alone.

    Raises:
        BrokenSystem: it cannot be written.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.part")
    with contextlib.suppress(OSError):  # it is not there yet, or will tell when it is written
        if path.read_bytes() == data:  # a run that is replayed writes the same again
            return
    with reporting_os_errors(path):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(partial, path)


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text whose bytes depend on the value alone."""
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


class Lines:
    """A file of JSON lines that a run started again goes on with.

    The run tells its story from the beginning each time; what the file already holds is compared, not written again.
    A torn last line is dropped, and so is everything from the first line on that is no longer true.

    Args:
        path: made when absent.
    """

    def __init__(self, path: Path):
        self.path = path
        with reporting_os_errors(path):
            path.touch(0o600)
            *self._known, torn = path.read_bytes().split(b"\n")
            self._end = 0
            if torn:
                os.truncate(path, path.stat().st_size - len(torn))

    def append(self, record: dict[str, Any]) -> None:
        """Adds a line, at once on disk.

        Raises:
            BrokenSystem: it cannot be written.
        """
        line = to_json(record).encode("utf-8", "replace")
        if self._known and self._known[0] == line:
            self._known.pop(0)
        else:
            with reporting_os_errors(self.path):
                if self._known:
                    os.truncate(self.path, self._end)
                    self._known = []
                with open(self.path, "ab") as file:
                    file.write(line + b"\n")
        self._end += len(line) + 1
