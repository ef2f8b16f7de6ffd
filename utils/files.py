"""Atomic writes, private to the user, with OS errors reported in one line."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textgrad.errors import BrokenSystem, StopRun
from textgrad.system_errors import describe


@contextlib.contextmanager
def reporting_os_errors(path: Path) -> Iterator[None]:
    """Turn OS errors such as a full disk or missing permissions into one line that names the file.

    Raises:
        BrokenSystem: in place of the OS error.
    """
    try:
        yield
    except StopRun:
        raise
    except (OSError, ValueError) as error:  # a ValueError for a null character in the path
        raise BrokenSystem(f"cannot write {path}: {describe(error)}") from error


def keep_files_private() -> None:
    """Make new files of this process private to the user: they hold prompts, replies and data."""
    if hasattr(os, "umask"):  # not on every system
        os.umask(0o077)


def atomic_write(path: Path, content: str | bytes) -> None:
    """Replace a file atomically: a reader sees the old content or the new one. An unchanged file is not written.

    Raises:
        BrokenSystem: the file cannot be written.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.part")
    with contextlib.suppress(OSError):  # missing, or reported below
        if path.read_bytes() == data:  # a resumed run writes the same files again
            return
    with reporting_os_errors(path):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
        _replace(partial, path, data)


def _replace(partial: Path, path: Path, data: bytes) -> None:
    """Rename a file; write the content in place where the file system or another program prevents the renaming."""
    try:
        os.replace(partial, path)
    except OSError:
        path.write_bytes(data)
        partial.unlink(missing_ok=True)


def to_json(value: Any, indent: int | None = None) -> str:
    """Return JSON text whose bytes depend only on the value."""
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


class JsonLines:
    """A file of JSON lines that a resumed run continues.

    A resumed run appends all records again from the start. Lines that are already in the file are compared and kept. An
    incomplete last line is removed, and so is everything from the first line that differs.

    Args:
        path: created if missing.
    """

    def __init__(self, path: Path):
        self.path = path
        with reporting_os_errors(path):
            path.touch(0o600)
            *self._expected, torn = path.read_bytes().split(b"\n")
            self._end = 0
            if torn:
                os.truncate(path, path.stat().st_size - len(torn))

    def append(self, record: dict[str, Any]) -> None:
        """Append a record to the file on disk.

        Raises:
            BrokenSystem: the file cannot be written.
        """
        line = to_json(record).encode("utf-8", "replace")
        if self._expected and self._expected[0] == line:
            self._expected.pop(0)
        else:
            with reporting_os_errors(self.path):
                if self._expected:
                    os.truncate(self.path, self._end)
                    self._expected = []
                with open(self.path, "ab") as file:
                    file.write(line + b"\n")
        self._end += len(line) + 1

    def finish(self) -> None:
        """Remove the lines that were not appended again: a run that is continued may have fewer of them.

        Raises:
            BrokenSystem: the file cannot be written.
        """
        if self._expected:
            with reporting_os_errors(self.path):
                os.truncate(self.path, self._end)
            self._expected = []
