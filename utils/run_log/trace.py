"""The trace of a run: what each of its requests was for, in calls.sqlite beside the replies.

Tables `trace` and `questions`, and the view `requests` that joins them with the replies; logs/README.md has examples. A
request is recorded once, whether its reply was new or logged, so a replay of an older run writes its trace.
"""

import threading
from typing import Any, NamedTuple

from textgrad.concurrency import Scope, current_scope
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.reply import Reply
from textgrad.trace import Subject, current_purpose, current_subject
from utils.federation.evaluation import Sample

_BUFFER = 1000  # requests
_SCRIPT = """
CREATE TABLE IF NOT EXISTS trace (
    run TEXT, scope TEXT, number INTEGER, round INTEGER, client INTEGER, step INTEGER, phase TEXT, evaluation TEXT,
    role TEXT, engine TEXT, task TEXT, split TEXT, question INTEGER, score REAL, flaw TEXT, key TEXT,
    PRIMARY KEY (run, scope, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions (
    run TEXT, task TEXT, split TEXT, question INTEGER, text TEXT, answer TEXT,
    PRIMARY KEY (run, task, split, question)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trace_by_key ON trace (run, key);
DROP VIEW IF EXISTS requests;
CREATE VIEW requests AS
    SELECT trace.*, ROW_NUMBER() OVER (PARTITION BY run, trace.key ORDER BY scope, number) > 1 AS repeated,
        questions.text AS question_text, questions.answer AS right_answer, request, calls.text AS reply, finish_reason,
        prompt_tokens, completion_tokens, seconds
    FROM trace LEFT JOIN calls ON calls.key = trace.key LEFT JOIN questions USING (run, task, split, question);
"""
_LABELS = ("round", "client", "step", "answers", "scores")  # of a scope
_INSERT = f"INSERT OR REPLACE INTO trace VALUES ({', '.join('?' * 16)})"
_INSERT_QUESTION = "INSERT OR REPLACE INTO questions VALUES (?, ?, ?, ?, ?, ?)"


class _Row(NamedTuple):
    """Values before and after the score, which the subject has when it is settled."""

    before: tuple
    subject: Subject | None
    after: tuple

    @property
    def finished(self) -> bool:
        return self.subject is None or self.subject.settled

    def values(self) -> tuple:
        return (*self.before, self.subject.score if self.subject else None, *self.after)


class Trace:
    """Records the requests of a run. Rows are written some hundred at a time; a resumed run records lost ones again.

    Args:
        call_log: whose file gets the tables.
        run: name of the run, as several runs may share a call log.
    """

    def __init__(self, call_log: CallLog, run: str):
        self._call_log, self._run = call_log, run
        self._keys: dict[str, dict[str, int]] = {}  # scope -> key -> number
        self._rows: list[_Row] = []
        self._questions: list[tuple] = []
        self._seen: set[tuple] = set()
        self._lock = threading.Lock()
        call_log.run_script(_SCRIPT)

    def clear(self) -> None:
        """Delete what an earlier start of the run recorded: this start records it again."""
        for table in ("trace", "questions"):
            self._call_log.write(f"DELETE FROM {table} WHERE run = ?", [(self._run,)])

    def record(self, engine: str, key: str, reply: Reply) -> None:
        """Record a request at the current scope, about the current subject.

        Args:
            engine: role of the engine.
            key: of the request in the call log.
            reply: to the request.
        """
        place, subject = current_scope(), current_subject()
        scope = scope_text(place)
        with self._lock:
            keys = self._keys.setdefault(scope, {})
            if key in keys:
                return
            keys[key] = len(keys)
            labels = dict(place)
            place_of_row = (self._run, scope, keys[key], *(labels.get(label) for label in _LABELS))
            about = (_role(labels), engine, *self._question(subject))
            self._rows.append(_Row((*place_of_row, *about), subject, (reply.flaw, key)))
            full = len(self._rows) >= _BUFFER
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what was recorded, except for answers whose score is still to come."""
        with self._lock:
            finished = [each for each in self._rows if each.finished]
            self._rows = [each for each in self._rows if not each.finished]
            questions, self._questions = self._questions, []
        self._call_log.write(_INSERT_QUESTION, questions)
        self._call_log.write(_INSERT, [each.values() for each in finished])

    def _question(self, subject: Subject | None) -> tuple[str, str, int] | tuple[None, None, None]:
        """Return task, split and number of the question."""
        if subject is None or not isinstance(subject.question, Sample):
            return None, None, None
        sample = subject.question
        key = (sample.task.name, sample.split, sample.number)
        if key not in self._seen:
            self._seen.add(key)
            self._questions.append((self._run, *key, sample.question, sample.answer))
        return key


def scope_text(place: Scope) -> str:
    """Return a scope as text, such as "round=0001 client=0000 step=0002 answers=before item=0003"; it sorts as text."""
    return " ".join(f"{label}={value:04d}" if isinstance(value, int) else f"{label}={value}" for label, value in place)


def _role(labels: dict[str, Any]) -> str:
    """Return the role of a request: answer, evaluation, judge, critic, optimizer, guard or merge."""
    role = current_purpose()
    return "evaluation" if role == "answer" and "scores" in labels else role
