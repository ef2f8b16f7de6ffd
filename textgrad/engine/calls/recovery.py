"""What to do about a damaged call log: keep every reply that can still be read, put the damaged file aside."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

_RANGE = 16  # rows
_SMALLEST_ROW = 64  # bytes; a key and a seal take 48


def damage(path: Path) -> str | None:
    """What is wrong with the structure of a SQLite file, in one line, or None; what a crash left half-done, SQLite mends
    itself."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            found = [line for (line,) in db.execute("PRAGMA quick_check(1)")]
            return None if found == ["ok"] else " ".join(found[0].split())
    except sqlite3.OperationalError:
        return None  # locked, unreadable, no room: whoever opens it next says so
    except sqlite3.DatabaseError as error:
        return str(error)


def as_text(raw: bytes) -> str:
    """A column's text, also where damage left no UTF-8."""
    return raw.decode("utf-8", "replace")


def recover(path: Path, table: str, whole: Callable[[tuple], bool]) -> str:
    """Replaces a damaged file by a new one with all whole rows; the old one becomes `<name>.damaged`.

    Args:
        path: the damaged file.
        table: makes the table "calls".
        whole: tells whether a row is as it was written.

    Returns:
        one line that says what was done.
    """
    _as_long_as_told(path)
    fresh = _part(path)
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600))
    kept = 0
    with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(fresh)) as new:
        old.text_factory = as_text
        new.execute(table)
        for row in _readable(old, _size(path) // _SMALLEST_ROW):
            if whole(row):
                kept += new.execute(f"INSERT OR IGNORE INTO calls VALUES ({', '.join('?' * len(row))})", row).rowcount
        new.commit()
    aside = path.with_name(f"{path.name}.damaged")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    finish(path)
    return (
        f"the call log {path} is damaged: {kept} replies were saved, the others are asked for again; "
        f"{aside.name} keeps it as it was"
    )


def _as_long_as_told(path: Path) -> None:
    """Fills up a file that was cut off, as SQLite reads none of a file that is shorter than its head tells."""
    with path.open("r+b") as file:
        head = file.read(32)
        told = int.from_bytes(head[16:18]) * int.from_bytes(head[28:32])
        if head.startswith(b"SQLite format 3") and file.seek(0, os.SEEK_END) < told < 2**40:
            file.truncate(told)


def finish(path: Path) -> None:
    """Ends a rescue that was interrupted after the damaged file was put aside."""
    if not path.exists() and _part(path).exists():
        os.replace(_part(path), path)


def _size(path: Path) -> int:
    """Bytes of the file and of what was not folded into it yet."""
    log = Path(f"{path}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _readable(db: sqlite3.Connection, room: int) -> Iterator[tuple]:
    """The rows that can be reached from either side of any damage, searched for in small ranges.

    Args:
        db: the damaged log.
        room: how many rows it has room for: which one is the last, damage may hide.
    """
    for first in range(0, room, _RANGE):
        for order in ("ASC", "DESC"):
            try:
                yield from db.execute(
                    f"SELECT * FROM calls WHERE rowid BETWEEN ? AND ? ORDER BY rowid {order}",
                    (first, first + _RANGE - 1),
                )
                break
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
                    return
                # the other order reaches what lies behind the damage
