"""The waiting time that an endpoint requests in the headers of an error response, bounded where it enters."""

import datetime
import email.utils
import math
import re
import time
from collections.abc import Mapping
from typing import Any

_LONGEST_HEADER = 200  # characters; a longer value is ignored
_EPOCH = 1e9  # a larger number of seconds is a date: seconds or milliseconds since 1970
_EPOCH_MILLISECONDS = 1e11
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
}
_PART = rf"(\d+(?:\.\d+)?)\s*({'|'.join(sorted(_SECONDS, key=len, reverse=True))})s?(?![a-z])"
_DURATION = re.compile(rf"(?:{_PART}\s*)+", re.IGNORECASE)
_PARTS = re.compile(_PART, re.IGNORECASE)
LONGEST_WAIT = 366 * 86400.0  # seconds; a longer wait is a mistake of the server


def bounded_wait(seconds: float | None) -> float | None:
    """Return a waiting time unchanged if it is from 0 to `LONGEST_WAIT`, else None."""
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_WAIT else None


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds that the endpoint requests to wait, from 0 to `LONGEST_WAIT`, or None.

    Read from `retry-after-ms`, `retry-after` (seconds, a duration or a date), or the headers that say when an exhausted
    limit of requests or tokens is reset. Values that make no sense are ignored.
    """
    milliseconds = _number(_text(headers.get("retry-after-ms")))
    if milliseconds is not None and (seconds := bounded_wait(milliseconds / 1000)) is not None:
        return seconds
    for name in ("retry-after", "x-ratelimit-reset-after"):
        if (seconds := _wait(headers.get(name))) is not None:
            return seconds
    exhausted: list[float] = []
    others: list[float] = []
    for kind in ("-requests", "-tokens", ""):
        if (seconds := _wait(headers.get(f"x-ratelimit-reset{kind}"))) is not None:
            left = _text(headers.get(f"x-ratelimit-remaining{kind}"))
            (exhausted if left == "0" else others).append(seconds)
    return max(exhausted) if exhausted else min(others, default=None)


def _text(value: Any) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else "" if value is None else str(value)
    return text.strip() if len(text) <= _LONGEST_HEADER else ""


def _wait(value: Any) -> float | None:
    """Return the seconds in "2", "6m0s", "1 minute", a date, or a number of seconds since 1970."""
    text = _text(value)
    waits = [_seconds(part) for part in text.split(",")]  # a repeated header is joined by commas
    longest = max((wait for wait in waits if wait is not None), default=None) if None not in waits else None
    return bounded_wait(_until_date(text) if longest is None else longest)


def _seconds(text: str) -> float | None:
    text = text.strip()
    if _DURATION.fullmatch(text):
        return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PARTS.findall(text))
    number = _number(text)
    if number is None or number < _EPOCH:
        return number
    return number / (1000 if number >= _EPOCH_MILLISECONDS else 1) - time.time()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until_date(text: str) -> float | None:
    """Return the seconds until an HTTP date or an ISO date, 0 if it has passed, or None."""
    for parse in (email.utils.parsedate_to_datetime, datetime.datetime.fromisoformat):
        try:
            date = parse(text)
            date = date if date.tzinfo else date.replace(tzinfo=datetime.UTC)
            return max(0.0, date.timestamp() - time.time())
        except (ValueError, TypeError, OverflowError, IndexError, OSError):  # neither is careful with bad input
            continue
    return None
