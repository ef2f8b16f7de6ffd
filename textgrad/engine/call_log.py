"""The call log: every LLM reply of a run in one SQLite file. Cache, checkpoint, audit trail and replay in one.

A request is known by its key: model, endpoint, messages, every sampling parameter, seed and draw number; where
replies are random also by its place in the run, so that samples stay independent and yet repeatable.
"""

import hashlib
import json
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from ..errors import BrokenSystem
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
        path: the SQLite file; made when absent.

    Raises:
        BrokenSystem: the file cannot be opened or written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._lock = threading.Lock()
        with self._errors():
            self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            # A write-ahead log keeps every finished reply through a SIGKILL and costs no sync a call.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(_TABLE)

    def _errors(self) -> "_SqliteErrors":
        return _SqliteErrors(self.path)

    def get(self, key: str) -> Reply | None:
        """The reply kept under a key, or None."""
        found = self.row(key)
        return found[0] if found else None

    def row(self, key: str) -> tuple[Reply, float] | None:
        """The reply kept under a key and the seconds it took when it was made, or None."""
        with self._lock, self._errors():
            row = self._db.execute("SELECT text, finish_reason, prompt_tokens, completion_tokens, seconds "
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
        with self._lock, self._errors():
            self._db.execute("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def __len__(self) -> int:
        with self._lock, self._errors():
            return self._db.execute("SELECT COUNT(*) FROM calls").fetchone()[0]

    def close(self) -> None:
        """Folds the write-ahead log into the one file, so that it can be copied or published."""
        with self._lock, self._errors():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("PRAGMA journal_mode=DELETE")
            self._db.close()


class _SqliteErrors:
    """Turns SQLite's errors into one line that names the file."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, traceback) -> None:
        if isinstance(error, sqlite3.Error):
            raise BrokenSystem(f"the call log {self.path} cannot be used: {error}") from error
