"""What can go wrong, by what must happen next.

`UsageError` and `BrokenSystem` end a run with one line; `BudgetSpent` ends it in order; `TransientError` is tried
again; `BadReply` costs a step, an answer or a merge and never a run.
"""

import difflib
from collections.abc import Collection

_MANY_NAMES, _NEAREST_NAMES = 12, 5


class StopRun(Exception):
    """Ends the run at once, whatever else is in flight. The message is one line for the user."""


class UsageError(StopRun, ValueError):
    """The user gave something wrong: the message says what, where, what is allowed and how to mend it."""


class BrokenSystem(StopRun, RuntimeError):
    """The set-up cannot work (bad key, unknown model, unreachable endpoint, disk full)."""


class BudgetSpent(StopRun):
    """A cap on calls, tokens or cost was reached."""


class TransientError(Exception):
    """A request failed in a way that trying again may mend.

    Args:
        message: one line.
        retry_after: seconds the server asked to wait, or None.
        rate_limited: True when the server refused for load, so that all callers should slow down.
        malformed: True when an answer arrived but was no chat completion; it is tried again once only.
        refused: True when nothing listened at the address.
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
    """The model answered, but its reply cannot be used, also after it was asked again."""


class CallFailed(BadReply):
    """One call was given up after its last retry; the endpoint as a whole may still be well."""


class ContextExceeded(BadReply):
    """The request is longer than the model's context."""


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
