"""The call log: every LLM reply of a run in one SQLite file. Cache, checkpoint, audit trail and replay in one.

A request is known by its key: model, endpoint, messages, every sampling parameter, seed and draw number; where
replies are random also by its place in the run, so that samples stay independent and yet repeatable.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textgrad.engine.calls import recovery as salvage
from textgrad.engine.reply import Reply
from textgrad.errors import BrokenSystem, StopRun

_COLUMNS = "key, request, text, finish_reason, prompt_tokens, completion_tokens, seconds, ended, seal"
# Rows lie in the order in which they came: ordered by key, each would be written into the middle of the others.
_TABLE = """CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, seconds REAL NOT NULL, ended REAL NOT NULL, seal TEXT NOT NULL)"""


def _plain(value: Any) -> Any:
    """For JSON: an image's bytes by their digest, as the log tells requests apart but need not hold pictures."""
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    raise TypeError(f"a request cannot hold a {type(value).__name__}")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def canonical(request: Any) -> str:
    """The one JSON text of a request: sorted keys, no spaces, images by their digest."""
    return _ENCODER.encode(request)


def key_of(request: Any) -> str:
    """The key of a request; see `key_of_text`."""
    return key_of_text(canonical(request))


def key_of_text(text: str) -> str:
    """The key of a request given as canonical JSON: 32 hexadecimal digits of BLAKE2b."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _print(line: str) -> None:
    print(line, file=sys.stderr)


def _seal(row: tuple) -> str:
    """A checksum over what a row says, times left out."""
    return hashlib.blake2b(repr(row[:6]).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def whole(row: tuple) -> bool:
    """True when a row of the table says what was written into it."""
    return row[-1] == _seal(row)


class CallLog:
    """Replies by key, safe for many threads, each reply on disk before anyone acts on it.

    Args:
        path: the SQLite file; opened at the first use, made when absent. A damaged one is replaced by what can still be
            read of it.
        warn: told in one line of damage that was found.

    Every method raises `BrokenSystem` where the file cannot be opened, read or written.
    """

    def __init__(self, path: str | Path, warn: Callable[[str], None] = _print):
        self.path, self.warn = Path(path), warn
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._keys: set[str] | None = None  # of the open file: most look-ups of a run are for what is not there
        self._closed = False

    def _run(self, statement: str, values: tuple = ()) -> list[tuple]:
        """What a statement gives, for one thread at a time."""
        with self._lock:
            try:
                if self._closed:
                    raise StopRun(f"the call log {self.path} is closed")
                if self._connection is None:
                    self._connection = self._open()
                    self._keys = {key for (key,) in self._connection.execute("SELECT key FROM calls")}
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise BrokenSystem(f"the call log {self.path} cannot be used: {error}") from error

    def _open(self) -> sqlite3.Connection:
        if str(self.path) != ":memory:":
            salvage.finish(self.path)
            if self.path.exists() and (damage := salvage.damage(self.path)):
                self.warn(salvage.recover(self.path, _TABLE, whole) + f" ({damage})")
            with contextlib.suppress(OSError):  # SQLite says what is wrong better than we would
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        connection.text_factory = salvage.as_text
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
        """The reply kept under a key and the seconds it took when it was made, or None. A damaged row is forgotten."""
        if self._keys is not None and key not in self._keys:
            return None
        for row in self._run(f"SELECT {_COLUMNS} FROM calls WHERE key = ?", (key,)):
            if whole(row):
                return Reply(*row[2:6]), row[6]
            self._run("DELETE FROM calls WHERE key = ?", (key,))
            self._keys.discard(key)
            self.warn(f"the call log {self.path} held a damaged reply: it is left out, and asked for again")
        return None

    def put(self, key: str, request: str, reply: Reply, seconds: float) -> None:
        """Keeps a reply. The first one under a key stays: what a run once acted on never changes.

        Args:
            key: of the request.
            request: as canonical JSON; kept beside the reply, for whoever reads the log.
            reply: what came back.
            seconds: from sending to receiving.
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
        self._run("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, _seal(row)))
        self._keys.add(key)

    def endpoints(self, model: str) -> list[str]:
        """The endpoints at which a model was asked, sorted."""
        rows = self._run(
            "SELECT DISTINCT json_extract(request, '$.endpoint') FROM calls WHERE json_extract(request, '$.model') = ?",
            (model,),
        )
        return sorted(endpoint for (endpoint,) in rows if endpoint)

    def __len__(self) -> int:
        return self._run("SELECT COUNT(*) FROM calls")[0][0]

    def close(self) -> None:
        """Folds the write-ahead log into the one file, so that it can be copied or published."""
        with self._lock:
            connection, self._connection, self._closed = self._connection, None, True
            self._keys = None
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error):  # a full disk: the next opening folds it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
