"""A row of the benchmark table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        quantity: the measured quantity, if possible a ratio within one run.
        setting: settings of the run, and the number of calls or repetitions.
        value: result.
        target: maximum, or minimum if `higher_is_better`; None: no target.
        higher_is_better: True if `target` is a minimum.
        unit: unit of `value`; "" for a ratio or a count.
    """

    quantity: str
    setting: str
    value: float
    target: float | None = None
    higher_is_better: bool = False
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """True if the target is met; None without a target."""
        if self.target is None:
            return None
        return self.value >= self.target if self.higher_is_better else self.value <= self.target


def table(rows: list[Row]) -> str:
    """Return the rows as lines of text, below a heading."""
    lines = [f"{'quantity':<48}{'setting':<68}{'value':>13}  {'target':<10}"]
    for row in rows:
        value = f"{row.value:.3g}" if abs(row.value) < 100 else f"{row.value:.0f}"
        target = "" if row.target is None else f"{'>=' if row.higher_is_better else '<='} {row.target:g}"
        missed = "  MISSED" if row.met is False else ""
        lines.append(f"{row.quantity:<48}{row.setting:<68}{f'{value} {row.unit}'.strip():>13}  {target:<10}{missed}")
    return "\n".join(lines)
