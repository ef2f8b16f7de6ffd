"""Read the trace of a run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from utils.report.trace_file import open_trace

_PLACE = """scope, round, client, step, phase, evaluation, role, trace.task, trace.split, trace.question, score, flaw,
    trace.key"""
_WITH_TEXTS = f"""SELECT {_PLACE}, questions.text, answer, request, calls.text, finish_reason
    FROM trace LEFT JOIN calls ON calls.key = trace.key LEFT JOIN questions USING (run, task, split, question)
    WHERE run = ? AND """
_ORDER = " ORDER BY scope, number"


class Place(NamedTuple):
    """One request without its texts; the fields are columns of the trace, see logs/README.md."""

    scope: str
    round: int | None
    client: int | None
    step: int | None
    phase: str | None
    evaluation: str | None
    role: str
    task: str | None
    split: str | None
    question: int | None
    score: float | None
    flaw: str | None
    key: str


@dataclass(frozen=True)
class Request:
    """One request with its texts.

    Attributes:
        place: of the request.
        question_text, right_answer: of the question, or None.
        request: JSON of the request; None for a failed one.
        reply: text of the reply.
        finish_reason: as the endpoint reported it.
    """

    place: Place
    question_text: str | None
    right_answer: str | None
    request: str | None
    reply: str | None
    finish_reason: str | None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the request; empty for a failed one."""
        return json.loads(self.request)["messages"] if self.request else []

    @property
    def system_prompt(self) -> str:
        """The system message, or ""."""
        return next((text_of(each["content"]) for each in self.messages if each["role"] == "system"), "")


_WIDTH = len(Place._fields)


def text_of(content: str | list) -> str:
    """Return the content of a message as one text; an image is its digest."""
    return content if isinstance(content, str) else "\n".join(map(str, content))


class TraceReader:
    """Reads the requests of one run; close it after use.

    Args:
        folder: of the run.

    Raises:
        UsageError: the run has no trace.
    """

    def __init__(self, folder: Path):
        self._connection, self._run = open_trace(folder)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def requests(self, condition: str, values: Sequence[Any] = ()) -> list[Request]:
        """Return the requests that meet a condition of SQL, in the order of their scopes."""
        rows = self._fetch(f"{_WITH_TEXTS}{condition}{_ORDER}", values)
        return [Request(Place(*row[:_WIDTH]), *row[_WIDTH:]) for row in rows]

    def of_round(self, number: int) -> list[Request]:
        """Return the requests of a round."""
        return self.requests("scope BETWEEN ? AND ?", (f"round={number:04d} ", f"round={number:04d}!"))

    def places(self) -> list[Place]:
        """Return the place of each request, in the order of their scopes."""
        return [Place(*row) for row in self._fetch(f"SELECT {_PLACE} FROM trace WHERE run = ?{_ORDER}")]

    def keys_with(self, text: str) -> list[str]:
        """Return the keys of the requests whose text or reply contains a text, whatever its case."""
        pattern = f"%{text.translate({ord(wildcard): f'|{wildcard}' for wildcard in '|%_'})}%"
        query = """SELECT DISTINCT trace.key FROM trace JOIN calls ON calls.key = trace.key WHERE run = ?
            AND (request LIKE ? ESCAPE '|' OR calls.text LIKE ? ESCAPE '|')"""
        in_json = json.dumps(pattern, ensure_ascii=False)[1:-1]  # as the request is stored
        return [key for (key,) in self._fetch(query, (in_json, pattern))]

    def _fetch(self, query: str, values: Sequence[Any] = ()) -> list[tuple]:
        return self._connection.execute(query, (self._run, *values)).fetchall()
