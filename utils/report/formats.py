"""Format numbers for pages and for the terminal."""

from collections.abc import Sequence
from typing import Any

from utils.metrics.intervals import n_text

DASH = "–"


def estimate_text(estimate: dict[str, Any] | None) -> str:
    """Return an accuracy with its interval and n; a dash for None.

    Args:
        estimate: {"value", "n", "ci95"} as results.json holds it; a raced one also has "raced_of".
    """
    if not estimate or estimate["value"] is None:
        return DASH
    n = n_text(estimate["n"], estimate.get("raced_of", 0))
    return f"{estimate['value']:.3f} {interval_text(estimate['ci95'])} {n}"


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
