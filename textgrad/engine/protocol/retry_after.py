"""The waiting time that an endpoint requests in the headers of an error response."""

import email.utils
import math
import re
import time
from collections.abc import Mapping

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the endpoint requests to wait, or None.

    Read from `retry-after-ms`, `retry-after` (seconds or an HTTP date), or the headers that say when an exhausted limit
    of requests or tokens is reset.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return seconds
    if value:
        try:
            return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
        except ValueError:
            pass  # neither a number nor a date: ignored
    resets = [
        (headers.get(f"x-ratelimit-remaining-{kind}"), _duration(headers.get(f"x-ratelimit-reset-{kind}")))
        for kind in ("requests", "tokens")
    ]
    waits = [seconds for left, seconds in sorted(resets, key=lambda reset: reset[0] != "0") if seconds is not None]
    return waits[0] if waits else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _duration(text: str | None) -> float | None:
    """Return the seconds of "6m0s", "120ms" or "1.5"."""
    parts = _DURATION.findall(text or "")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else _number(text)
