"""Exceptions, classified by their consequence.

`UsageError` and `BrokenSystem` end a run with one line; `Postponed` adds the command that continues it. `BudgetSpent`
ends it in order, with results. `TransientError` leads to a retry. `BadReply` costs a step, an answer or a merge, but
never the run.
"""

import difflib
from collections.abc import Collection

_MANY_NAMES, _NEAREST_NAMES = 12, 5


class StopRun(Exception):
    """Ends the run at once, without waiting for requests in flight. The message is one line for the user."""


class UsageError(StopRun, ValueError):
    """Wrong input. The message says what is wrong and where, the allowed values, and the fix."""


class BrokenSystem(StopRun, RuntimeError):
    """The setup cannot work: rejected key, unknown model, unreachable endpoint, full disk, error in the program."""


class Postponed(BrokenSystem):
    """An endpoint asks to wait longer than a run waits; the run can be continued later."""


class BudgetSpent(StopRun):
    """A cap on calls, tokens or cost was reached."""


class TransientError(Exception):
    """A request failed, and a retry may succeed.

    Args:
        message: one line.
        retry_after: seconds to wait, as the server requests; None if it does not say.
        rate_limited: True if the server rejected the request because of load, so that all callers should slow down.
        malformed: True if the response is not a chat completion; it is retried only once.
        refused: True if the connection was refused.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        rate_limited: bool = False,
        malformed: bool = False,
        refused: bool = False,
    ):
        super().__init__(message)
        self.retry_after = retry_after
        self.rate_limited = rate_limited
        self.malformed = malformed
        self.refused = refused


class BadReply(Exception):
    """The LLM's reply is unusable, even after it was requested again.

    Args:
        message: what is wrong, in a form that the model can read when it is asked again.
        kind: the same in one or two words, by which reports count bad replies.
    """

    kind = "unreadable"

    def __init__(self, message: str = "", kind: str = ""):
        super().__init__(message)
        self.kind = kind or self.kind


class CallFailed(BadReply):
    """A call failed after its last retry; other calls to the endpoint may succeed."""

    kind = "failed call"


class ContextExceeded(BadReply):
    """The request exceeds the model's context."""

    kind = "context exceeded"


def unknown(kind: str, name: str, known: Collection[str]) -> UsageError:
    """Return the error for an unknown name: one line with the known names, nearest first.

    Args:
        kind: kind of the name, such as "engine".
        name: the user's input.
        known: the allowed names; of more than a dozen, only the five nearest are listed.
    """

    def similarity(candidate: str) -> float:
        return difflib.SequenceMatcher(None, name.lower(), candidate.lower()).ratio()

    ordered = sorted(known, key=lambda candidate: (-similarity(candidate), candidate))
    if len(ordered) > _MANY_NAMES:
        ordered[_NEAREST_NAMES:] = [f"... ({len(ordered) - _NEAREST_NAMES} more)"]
    return UsageError(f"unknown {kind} {name!r}; known, nearest first: {', '.join(ordered)}")
