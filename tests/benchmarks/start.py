"""Start-up time."""

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from endpoint import Endpoint
from measured import Setup, run
from row import Row


def help_text(folder: Path) -> Iterator[Row]:
    """Measure `main.py --help` relative to a Python that does nothing."""
    repetitions = 15
    ours, bare = (
        statistics.median(run([sys.executable, *arguments]).seconds for _ in range(repetitions))
        for arguments in (["main.py", "--help"], ["-c", "pass"])
    )
    setting = f"medians of {repetitions}, {1000 * ours:.0f} and {1000 * bare:.0f} ms"
    yield Row("main.py --help / python -c pass", setting, ours / bare, 6)


def first_call(folder: Path) -> Iterator[Row]:
    """Measure the time from the start of the program to the first call at the endpoint."""
    repetitions, delays = 5, []
    for number in range(repetitions):
        with Endpoint() as endpoint:
            command = Setup(rounds=1, steps=1).command(folder, f"first_{number}")
            started = time.monotonic()
            run(command, endpoint.url)
            delays.append(endpoint.usage().first - started)
    yield Row("start to first call", f"median of {repetitions}", statistics.median(delays), 1.0, unit="s")
