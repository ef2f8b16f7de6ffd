"""The progress bar of a run: a bar in a terminal, plain lines at a slow interval elsewhere."""

import sys
from typing import Any

from tqdm import tqdm

from utils.run_log.progress import Progress

LINE_INTERVAL = 30  # seconds between lines
_REFRESH_INTERVAL = 0.2  # seconds, in a terminal
_LINE = "{desc}{n_fmt} of {total_fmt} calls ({percentage:.0f} %), {rate_fmt}, {remaining} left"
_LINE_WITHOUT_TOTAL = "{desc}{n_fmt} calls, {rate_fmt}"


class Bar(tqdm):
    """A bar that shows the phase and the total of `progress` whenever it is drawn.

    Attributes:
        in_terminal: True if standard error is a terminal.
    """

    def __init__(self, progress: Progress):
        self.progress, self.in_terminal = progress, sys.stderr.isatty()
        super().__init__(
            unit="call",
            leave=False,
            dynamic_ncols=self.in_terminal,
            mininterval=_REFRESH_INTERVAL if self.in_terminal else LINE_INTERVAL,
            delay=0 if self.in_terminal else LINE_INTERVAL,
            file=sys.stderr if self.in_terminal else _Lines(),
        )

    @property
    def format_dict(self) -> dict[str, Any]:
        """Values that tqdm shows."""
        total = self.progress.total
        values = super().format_dict | {"total": total, "prefix": f"{self.progress.phase}: "}
        if not self.in_terminal:
            values["bar_format"] = _LINE_WITHOUT_TOTAL if total is None else _LINE
        return values


class _Lines:
    """Standard error that is not a terminal: each update of the bar is a line."""

    @property
    def encoding(self) -> str:
        return sys.stderr.encoding

    def write(self, text: str) -> None:
        if text := text.strip():
            sys.stderr.write(text + "\n")

    def flush(self) -> None:
        sys.stderr.flush()
