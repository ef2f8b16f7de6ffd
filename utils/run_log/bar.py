"""The progress bar of a run."""

import sys
from typing import Any

from tqdm import tqdm

from textgrad import bar_output
from utils.run_log.progress import Progress

_LINE = "{desc}: {n_fmt} of {total_fmt} calls ({percentage:.0f} %), {rate_fmt}, {remaining} left"
_LINE_WITHOUT_TOTAL = "{desc}: {n_fmt} calls, {rate_fmt}"


class Bar(tqdm):
    """A bar that shows the phase and the total of `progress` whenever it is drawn.

    Outside a terminal, short runs draw nothing.

    Attributes:
        in_terminal: True if standard error is a terminal.
    """

    def __init__(self, progress: Progress):
        self.progress, self.in_terminal = progress, sys.stderr.isatty()
        delay = 0 if self.in_terminal else bar_output.LINE_INTERVAL
        super().__init__(unit="call", leave=False, delay=delay, **bar_output.bar_output())

    @property
    def format_dict(self) -> dict[str, Any]:
        """Values that tqdm shows."""
        total = self.progress.total
        values = super().format_dict | {"total": total, "prefix": self.progress.phase}
        if not self.in_terminal:
            values["bar_format"] = _LINE_WITHOUT_TOTAL if total is None else _LINE
        return values
