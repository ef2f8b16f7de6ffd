"""A row of the table of benchmarks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement, as a ratio within one run wherever it can be one.

    Attributes:
        measure: what.
        setting: of what, with the n behind it.
        value: the number.
        target: what the number is to be at the most, or with `least` at the least; None for a number that has none.
        least: see `target`.
        unit: after the number.
    """

    measure: str
    setting: str
    value: float
    target: float | None = None
    least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.least else self.value <= self.target


def table(rows: list[Row]) -> str:
    """The rows as lines of text."""
    lines = [f"{'measure':<48}{'setting':<68}{'value':>13}  {'target':<10}"]
    for row in rows:
        value = f"{row.value:.3g}" if abs(row.value) < 100 else f"{row.value:.0f}"
        target = "" if row.target is None else f"{'>=' if row.least else '<='} {row.target:g}"
        missed = "  MISSED" if row.met is False else ""
        lines.append(f"{row.measure:<48}{row.setting:<68}{f'{value} {row.unit}'.strip():>13}  {target:<10}{missed}")
    return "\n".join(lines)
