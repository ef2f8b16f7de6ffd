"""Call log: every LLM reply of a run in one SQLite file, used as cache, checkpoint, audit trail and replay.

The key of a request covers model, endpoint, messages, sampling parameters, seed and draw number. Where replies are
random it also covers the request's scope in the run, so that samples are independent and yet repeatable.
"""

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from textgrad.engine.calls import recovery
from textgrad.engine.reply import Reply
from textgrad.errors import BrokenSystem, StopRun
from textgrad.system_errors import describe_sqlite, file_error

Row = tuple

_COLUMNS = "key, request, text, finish_reason, prompt_tokens, completion_tokens, seconds, ended, seal"
# With a rowid, rows are stored in order of arrival. Ordered by key, each would be inserted between others.
_TABLE = """CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, seconds REAL NOT NULL, ended REAL NOT NULL, seal TEXT NOT NULL)"""
_SELECT = f"SELECT {_COLUMNS} FROM calls WHERE key = ?"
_CACHE_SIZE = 1 << 27  # bytes
# Parameters of the URI and pragmas. A write-ahead log keeps every stored reply through a SIGKILL without a sync per
# call, but needs shared memory and locks. One process can do without them.
_MODES = (
    ("", ("journal_mode=WAL",)),
    ("", ("locking_mode=EXCLUSIVE", "journal_mode=DELETE")),
    ("?nolock=1", ("locking_mode=EXCLUSIVE", "journal_mode=DELETE")),
)


_NO_FALLBACK = re.compile("is locked|is full|readonly")


def canonical(request: Any) -> str:
    """Return the canonical JSON text of a request: sorted keys, no spaces, images as digests."""
    return _ENCODER.encode(request)


def key_of(request: Any) -> str:
    """Return the key of a request; see `key_of_text`."""
    return key_of_text(canonical(request))


def key_of_text(text: str) -> str:
    """Return the key of a request given as canonical JSON: 32 hexadecimal digits of BLAKE2b."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _encode_image(value: Any) -> str:
    """Encode the bytes of an image as their digest: the log distinguishes images but does not store them."""
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    raise TypeError(f"cannot store a {type(value).__name__} in a request: expected JSON values or bytes")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_encode_image)


def is_intact(row: Row) -> bool:
    """Return True if a row of the table matches its checksum."""
    return row[-1] == _checksum(row)


def _checksum(row: Row) -> str:
    """Return the checksum of a row, times excluded."""
    return hashlib.blake2b(repr(row[:6]).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _print_error(line: str) -> None:
    print(line, file=sys.stderr)


class CallLog:
    """Thread-safe store of replies by key. Each reply is on disk before the caller acts on it.

    Args:
        path: SQLite file, opened and created at the first use. A damaged file is replaced by its readable rows.
        warn: receives one line per damage found; prints to standard error by default.

    Raises:
        BrokenSystem: by every method, if the file cannot be opened, read or written.
    """

    def __init__(self, path: str | Path, warn: Callable[[str], None] = _print_error):
        self.path, self.warn = Path(path), warn
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._keys: set[str] | None = None  # of the open file: most look-ups of a new run find nothing
        self._cache: dict[str, Row] = {}  # rows read at opening: reading them one by one from many threads is slow
        self._closed = False

    def get(self, key: str) -> Reply | None:
        """Return the reply stored under a key, or None."""
        found = self.row(key)
        return found[0] if found else None

    def row(self, key: str) -> tuple[Reply, float] | None:
        """Return the reply stored under a key and the seconds it took, or None. Delete the row if it is damaged."""
        if self._keys is not None and key not in self._keys:
            return None
        row = self._cache.get(key) or next(iter(self._execute(_SELECT, (key,))), None)
        if row is None:
            return None
        if is_intact(row):
            return Reply(*row[2:6]), row[6]
        self._delete(key)
        self.warn(f"the call log {self.path} contained a damaged reply; it is requested again")
        return None

    def put(self, key: str, request: str, reply: Reply, seconds: float) -> None:
        """Store a reply. The first reply under a key stays, so that a resumed run acts on the same replies.

        Args:
            key: of the request.
            request: canonical JSON, stored for readers of the log.
            reply: the reply.
            seconds: time from sending to receiving.
        """
        row = (
            key,
            request,
            reply.text,
            reply.finish_reason,
            reply.prompt_tokens,
            reply.completion_tokens,
            seconds,
            time.time(),
        )
        self._execute("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, _checksum(row)))
        if self._keys is not None:
            self._keys.add(key)

    def endpoints(self, model: str) -> list[str]:
        """Return the endpoints at which a model was called, sorted."""
        rows = self._execute(
            "SELECT DISTINCT json_extract(request, '$.endpoint') FROM calls WHERE json_extract(request, '$.model') = ?",
            (model,),
        )
        return sorted(endpoint for (endpoint,) in rows if endpoint)

    def run_script(self, script: str) -> None:
        """Execute statements that define further tables of the file."""
        with self._lock, self._reporting_errors():
            self._connect().executescript(script)

    def write(self, statement: str, rows: Sequence[Sequence]) -> None:
        """Execute a statement on further tables once per row of values, in one transaction."""
        with self._lock, self._reporting_errors():
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")

    def __len__(self) -> int:
        return self._execute("SELECT COUNT(*) FROM calls")[0][0]

    def close(self) -> None:
        """Merge the write-ahead log into the one file, so that it can be copied or published."""
        with self._lock:
            connection, self._connection, self._closed = self._connection, None, True
            self._keys = None
            self._cache.clear()
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error):  # disk full: the next opening merges it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()

    def _delete(self, key: str) -> None:
        self._execute("DELETE FROM calls WHERE key = ?", (key,))
        with self._lock:
            self._cache.pop(key, None)
            if self._keys is not None:
                self._keys.discard(key)

    def _execute(self, statement: str, values: tuple = ()) -> list[Row]:
        """Run a statement, in one thread at a time."""
        with self._lock, self._reporting_errors():
            return self._connect().execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise BrokenSystem(f"cannot use the call log {self.path}: {describe_sqlite(error)}") from error
        except OSError as error:
            raise file_error("cannot use the call log", self.path, error) from error

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise StopRun(f"the call log {self.path} is closed")
        if self._connection is None:
            connection = self._open()
            self._keys = {key for (key,) in connection.execute("SELECT key FROM calls")}
            self._cache = _read_rows(connection)
            self._connection = connection
        return self._connection

    def _open(self) -> sqlite3.Connection:
        if str(self.path) != ":memory:":
            recovery.finish(self.path)
            if self.path.exists() and (damage := recovery.find_damage(self.path)):
                self.warn(f"{recovery.recover(self.path, _TABLE, is_intact)} ({damage})")
            with contextlib.suppress(OSError):  # SQLite reports the error better
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        return self._connect_in_best_mode()

    def _connect_in_best_mode(self) -> sqlite3.Connection:
        """Open the file in the first of `_MODES` that its file system supports."""
        for number, (parameters, pragmas) in enumerate(_MODES):
            name = f"{self.path.absolute().as_uri()}{parameters}" if parameters else self.path
            connection = sqlite3.connect(name, check_same_thread=False, isolation_level=None, uri=bool(parameters))
            try:
                connection.text_factory = recovery.decode
                for pragma in (*pragmas, "synchronous=NORMAL"):
                    connection.execute(f"PRAGMA {pragma}")
                connection.execute(_TABLE)
                break
            except sqlite3.OperationalError as error:
                connection.close()
                if number == len(_MODES) - 1 or _NO_FALLBACK.search(str(error)):
                    raise
                reason = error
        if number:
            self.warn(
                f"warning: the call log {self.path} is opened for this process alone, "
                f"because its file system does not support a write-ahead log ({reason})"
            )
        return connection


def _read_rows(connection: sqlite3.Connection) -> dict[str, Row]:
    """Return the first rows of the table by key, up to `_CACHE_SIZE` bytes of text."""
    rows, size = {}, 0
    for row in connection.execute(f"SELECT {_COLUMNS} FROM calls"):
        rows[row[0]] = row
        size += len(row[1]) + len(row[2])
        if size > _CACHE_SIZE:
            break
    return rows
