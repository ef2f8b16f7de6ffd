"""Where progress bars are drawn: in a terminal, or as plain lines at a slow interval elsewhere."""

import sys
from typing import Any

LINE_INTERVAL = 30  # seconds between lines


def bar_output() -> dict[str, Any]:
    """Return the arguments of tqdm for a bar on standard error."""
    if sys.stderr.isatty():
        return {"file": sys.stderr, "dynamic_ncols": True}
    return {"file": _Lines(), "mininterval": LINE_INTERVAL, "maxinterval": LINE_INTERVAL}


class _Lines:
    """Standard error that is not a terminal: each update of a bar is a line."""

    @property
    def encoding(self) -> str:
        return sys.stderr.encoding

    def write(self, text: str) -> None:
        if text := text.strip():
            sys.stderr.write(text + "\n")

    def flush(self) -> None:
        sys.stderr.flush()
