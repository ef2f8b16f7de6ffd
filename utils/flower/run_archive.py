"""Archive of a run folder: how the server returns the results to the launching machine, as one line of its log."""

import base64
import binascii
import io
import zipfile
from pathlib import Path, PurePosixPath

from textgrad.errors import BrokenSystem
from textgrad.text import printable
from utils.files import atomic_write

RESULTS, ERROR = "FEDTEXTGRAD-RESULTS ", "FEDTEXTGRAD-ERROR "  # prefixes of the server's log lines for the launcher
_SUFFIXES = (".json", ".jsonl", ".txt", ".png", ".svg", ".pdf", ".html", ".log", ".md", ".csv", ".tex")


def pack(folder: Path) -> str:
    """Return the files of a run folder as one line of text. The call log stays on the server."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in _SUFFIXES and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    return base64.b64encode(buffer.getvalue()).decode()


def decode(line: str) -> bytes | None:
    """Return the archive in a line of `pack`, or None if the line is damaged."""
    try:
        return base64.b64decode(line.strip(), validate=True)
    except binascii.Error:
        return None


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of an archive; files with the same content are left alone.

    Raises:
        BrokenSystem: the archive is damaged, or contains a path outside the folder.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise BrokenSystem("the results arrived damaged: repeat the same command") from error
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BrokenSystem(f"the server sent a file outside the run folder: {printable(name)!r}")
        path, content = folder / name, archive.read(name)
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_write(path, content)
