"""A row of the benchmark table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement, if possible a ratio within one run.

    Attributes:
        measure: measured quantity.
        setting: what was run, with n.
        value: result.
        target: maximum, or minimum if `least`; None without a target.
        least: True if `target` is a minimum.
        unit: of the value.
    """

    measure: str
    setting: str
    value: float
    target: float | None = None
    least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """True if the target is reached; None without a target."""
        if self.target is None:
            return None
        return self.value >= self.target if self.least else self.value <= self.target


def table(rows: list[Row]) -> str:
    """Return the rows as lines of text."""
    lines = [f"{'measure':<48}{'setting':<68}{'value':>13}  {'target':<10}"]
    for row in rows:
        value = f"{row.value:.3g}" if abs(row.value) < 100 else f"{row.value:.0f}"
        target = "" if row.target is None else f"{'>=' if row.least else '<='} {row.target:g}"
        missed = "  MISSED" if row.met is False else ""
        lines.append(f"{row.measure:<48}{row.setting:<68}{f'{value} {row.unit}'.strip():>13}  {target:<10}{missed}")
    return "\n".join(lines)
