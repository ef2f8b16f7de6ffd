"""Format numbers for pages and for the terminal."""

from collections.abc import Sequence
from typing import Any

DASH = "–"


def estimate_text(estimate: dict[str, Any] | None) -> str:
    """Return an accuracy with its interval and n; a dash for None.

    Args:
        estimate: {"value", "n", "ci95"} as results.json holds it.
    """
    if not estimate or estimate["value"] is None:
        return DASH
    return f"{estimate['value']:.3f} {interval_text(estimate['ci95'])} n = {estimate['n']}"


def interval_text(interval: Sequence[float] | None, sign: str = "") -> str:
    """Return "[low, high]" with two decimals; a dash for None.

    Args:
        interval: low and high.
        sign: "+" shows the sign of positive numbers.
    """
    return f"[{interval[0]:{sign}.2f}, {interval[1]:{sign}.2f}]" if interval else DASH


def formatted(value: float | None, format_spec: str = ".2f") -> str | None:
    """Return a number as text; None stays None, which tables show as a dash."""
    return None if value is None else f"{value:{format_spec}}"
