"""Numbers that people write: options, environment variables, settings of a site. One function reads them all."""

import math
import os
import re
from dataclasses import dataclass
from typing import Any

from textgrad.errors import UsageError

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_SHOWN = 40  # characters of a wrong value in an error message


@dataclass(frozen=True)
class Bounds:
    """The allowed values of a number.

    Attributes:
        kind: int or float.
        low, high: smallest and largest value.
        above: exclusive lower bound, in place of `low`.
        or_zero: True if 0, which switches something off, is allowed too.
    """

    kind: type
    low: float | None
    high: float
    above: float | None = None
    or_zero: bool = False

    def __contains__(self, value: float) -> bool:
        """Not-a-number compares false with any bound, so it is never in bounds."""
        above_low = value > self.above if self.above is not None else self.low is not None and value >= self.low
        return (self.or_zero and value == 0) or (above_low and value <= self.high)

    def __str__(self) -> str:
        low = f"at least {self.low}" if self.above is None else f"above {self.above}"
        return f"{'0, or ' if self.or_zero else ''}{low} and at most {self.high}"


def read_number(name: str, value: Any, bounds: Bounds, default: float | None = None) -> Any:
    """Return a number in its bounds, as an int or a float.

    Args:
        name: what the user typed to set it, such as "--rounds", for the error message.
        value: a text, in plain ASCII notation without separators; or a number, from JSON or from a program.
        bounds: its type and its allowed values.
        default: named in the error message.

    Raises:
        UsageError: it is not a number of this kind, or not in the bounds. The message names the allowed values.
    """
    hint = f"it must be {bounds}" + ("" if default is None else f"; the default is {default}")
    number = _parse(value, bounds.kind)
    shown = value.strip() if isinstance(value, str) else value
    if number is None:
        kind = "an integer" if bounds.kind is int else "a number"
        raise UsageError(f"{name}: {_shown(repr(shown))} is not {kind}: {hint}")
    if number not in bounds:
        raise UsageError(f"{name} {_shown(str(shown))} is out of range: {hint}")
    return number


def read_variable(name: str, bounds: Bounds, default: float) -> Any:
    """Return the number in an environment variable; the default if it is empty or not set.

    Raises:
        UsageError: see `read_number`.
    """
    text = os.environ.get(name, "").strip()
    return read_number(name, text, bounds, default) if text else default


def _parse(value: Any, kind: type) -> float | None:
    """Return the number, in the kind's type, or None. What is too large for the type is infinite."""
    if isinstance(value, str):
        text = value.strip(" \t\r\n")
        if text.lower().lstrip("+-") in ("inf", "infinity", "nan"):
            return float(text)
        if not (_INTEGER if kind is int else _NUMBER).fullmatch(text):
            return None
        try:
            return kind(text)
        except ValueError:  # Python converts at most 4300 digits
            return -math.inf if text.startswith("-") else math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind is int and not isinstance(value, int)):
        return None
    try:
        return kind(value)
    except OverflowError:  # an integer beyond the largest float
        return math.inf if value > 0 else -math.inf


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
