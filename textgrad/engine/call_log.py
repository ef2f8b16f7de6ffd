"""The call log: every LLM reply of a run in one SQLite file. Cache, checkpoint, audit trail and replay in one.

A request is known by its key: model, endpoint, messages, every sampling parameter, seed and draw number; where
replies are random also by its place in the run, so that samples stay independent and yet repeatable.
"""

import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import BrokenSystem, StopRun
from .base import Reply

_TABLE = """CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, seconds REAL NOT NULL, ended REAL NOT NULL) WITHOUT ROWID"""


def _plain(value: Any) -> Any:
    """For JSON: an image's bytes by their digest, as the log tells requests apart but need not hold pictures."""
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    raise TypeError(f"a request cannot hold a {type(value).__name__}")


def canonical(request: Any) -> str:
    """The one JSON text of a request: sorted keys, no spaces, images by their digest."""
    return json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def key_of(request: Any) -> str:
    """The key of a request: 32 hexadecimal digits of BLAKE2b over its canonical JSON."""
    text = canonical(request).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


class CallLog:
    """Replies by key, safe for many threads, each reply on disk before anyone acts on it.

    Args:
        path: the SQLite file; opened at the first use, made when absent.

    Every method raises `BrokenSystem` where the file cannot be opened, read or written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    @contextlib.contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        """The open data base, for one thread at a time."""
        with self._lock:
            try:
                if self._closed:
                    raise StopRun(f"the call log {self.path} is closed")
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except sqlite3.Error as error:
                raise BrokenSystem(f"the call log {self.path} cannot be used: {error}") from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        # A write-ahead log keeps every finished reply through a SIGKILL and costs no sync a call.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
        return connection

    def get(self, key: str) -> Reply | None:
        """The reply kept under a key, or None."""
        found = self.row(key)
        return found[0] if found else None

    def row(self, key: str) -> tuple[Reply, float] | None:
        """The reply kept under a key and the seconds it took when it was made, or None."""
        with self._db() as db:
            row = db.execute("SELECT text, finish_reason, prompt_tokens, completion_tokens, seconds "
                             "FROM calls WHERE key = ?", (key,)).fetchone()
        return (Reply(*row[:4]), row[4]) if row else None

    def put(self, key: str, request: Any, reply: Reply, seconds: float) -> None:
        """Keeps a reply. The first one under a key stays: what a run once acted on never changes.

        Args:
            key: of the request.
            request: kept beside the reply, for whoever reads the log.
            reply: what came back.
            seconds: from sending to receiving.
        """
        row = (key, canonical(request), reply.text, reply.finish_reason, reply.prompt_tokens,
               reply.completion_tokens, seconds, time.time())
        with self._db() as db:
            db.execute("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def __len__(self) -> int:
        with self._db() as db:
            return db.execute("SELECT COUNT(*) FROM calls").fetchone()[0]

    def close(self) -> None:
        """Folds the write-ahead log into the one file, so that it can be copied or published."""
        with self._lock:
            connection, self._connection, self._closed = self._connection, None, True
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error):  # a full disk: the next opening folds it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
