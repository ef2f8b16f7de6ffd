"""Purpose and subject of requests, for logs: the role of a request, and the question that it is about.

Both are part of the current context, like a scope. Unlike a scope, they are not part of the key of a call.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_purpose: contextvars.ContextVar[str] = contextvars.ContextVar("purpose", default="")
_subject: contextvars.ContextVar["Subject | None"] = contextvars.ContextVar("subject", default=None)


@dataclass(eq=False)
class Subject:
    """The question that requests are about.

    Attributes:
        question: anything that identifies it; the caller's.
        score: of the answer, in [0, 1]; set when it is known.
        settled: True when no score will follow.
    """

    question: Any
    score: float | None = None
    settled: bool = False


@contextlib.contextmanager
def purpose(name: str) -> Iterator[None]:
    """Set what requests inside the block are for, such as "critic". The innermost block counts."""
    token = _purpose.set(name)
    try:
        yield
    finally:
        _purpose.reset(token)


@contextlib.contextmanager
def about(question: Any) -> Iterator[Subject]:
    """Set the question that requests inside the block are about, and yield where its score belongs."""
    subject = Subject(question)
    try:
        with resume(subject):
            yield subject
    finally:
        subject.settled = True


@contextlib.contextmanager
def resume(subject: Subject | None) -> Iterator[None]:
    """Continue with a subject of `current_subject` inside the block."""
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)


def current_purpose() -> str:
    """Return the purpose of requests at this point; "" if none is set."""
    return _purpose.get()


def current_subject() -> Subject | None:
    """Return the subject of requests at this point, or None."""
    return _subject.get()
