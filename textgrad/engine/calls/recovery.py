"""Recovery of a damaged call log: copy the readable rows to a new file and keep the damaged one beside it."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

_RANGE = 16  # rows
_SMALLEST_ROW = 64  # bytes; key and checksum take 48


def find_damage(path: Path) -> str | None:
    """Return what is wrong with the structure of a SQLite file, in one line, or None.

    SQLite repairs what a crash left unfinished by itself.
    """
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            found = [line for (line,) in db.execute("PRAGMA quick_check(1)")]
            return None if found == ["ok"] else " ".join(found[0].split())
    except sqlite3.OperationalError:
        return None  # locked, unreadable or disk full: reported when the file is opened
    except sqlite3.DatabaseError as error:
        return str(error)


def recover(path: Path, table: str, is_intact: Callable[[tuple], bool]) -> str:
    """Replace a damaged file by a new one with all intact rows; rename the damaged one to `<name>.damaged`.

    Args:
        path: the damaged file.
        table: SQL statement that creates the table "calls".
        is_intact: returns True if a row is as it was written.

    Returns:
        A one-line summary for the user.
    """
    _restore_length(path)
    new_path = _new_path(path)
    new_path.unlink(missing_ok=True)
    os.close(os.open(new_path, os.O_RDWR | os.O_CREAT, 0o600))
    with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(new_path)) as new:
        old.text_factory = decode
        new.execute(table)
        recovered = 0
        for row in filter(is_intact, _readable_rows(old, _size(path) // _SMALLEST_ROW)):
            values = ", ".join("?" * len(row))
            recovered += new.execute(f"INSERT OR IGNORE INTO calls VALUES ({values})", row).rowcount
        new.commit()
    damaged = path.with_name(f"{path.name}.damaged")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{damaged}{suffix}")
    finish(path)
    return (
        f"the call log {path} is damaged: {recovered} replies were recovered, the others are requested again; "
        f"the damaged file is kept as {damaged.name}"
    )


def finish(path: Path) -> None:
    """Finish a recovery that was interrupted after the damaged file was renamed."""
    if not path.exists() and _new_path(path).exists():
        os.replace(_new_path(path), path)


def decode(raw: bytes) -> str:
    """Decode the text of a column, even if damage made it invalid UTF-8."""
    return raw.decode("utf-8", "replace")


def _restore_length(path: Path) -> None:
    """Pad a truncated file: SQLite does not read a file that is shorter than its header says."""
    with path.open("r+b") as file:
        header = file.read(32)
        length = int.from_bytes(header[16:18], "big") * int.from_bytes(header[28:32], "big")
        if header.startswith(b"SQLite format 3") and file.seek(0, os.SEEK_END) < length < 2**40:
            file.truncate(length)


def _readable_rows(db: sqlite3.Connection, limit: int) -> Iterator[tuple]:
    """Yield the rows that can be read, in small ranges, from either side of any damage.

    Args:
        db: the damaged log.
        limit: maximum number of rows in a file of this size; damage may hide which row is the last.
    """
    for first in range(0, limit, _RANGE):
        for order in ("ASC", "DESC"):  # descending order reaches the rows behind the damage
            try:
                yield from db.execute(
                    f"SELECT * FROM calls WHERE rowid BETWEEN ? AND ? ORDER BY rowid {order}",
                    (first, first + _RANGE - 1),
                )
                break
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
                    return


def _size(path: Path) -> int:
    """Return the size of the file and its write-ahead log, in bytes."""
    log = Path(f"{path}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def _new_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
