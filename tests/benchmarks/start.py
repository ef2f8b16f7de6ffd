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
    times = 15
    ours, bare = (
        statistics.median(run([sys.executable, *words]).seconds for _ in range(times))
        for words in (["main.py", "--help"], ["-c", "pass"])
    )
    text = f"medians of {times}, {1000 * ours:.0f} and {1000 * bare:.0f} ms"
    yield Row("main.py --help / python -c pass", text, ours / bare, 6)


def first_call(folder: Path) -> Iterator[Row]:
    """Measure the time from the start of the program to the first call at the endpoint."""
    times, waits = 5, []
    for number in range(times):
        with Endpoint() as endpoint:
            command = Setup(rounds=1, steps=1).command(folder, f"first_{number}")
            started = time.monotonic()
            run(command, endpoint.url)
            waits.append(endpoint.usage().first - started)
    yield Row("start to first call", f"median of {times}", statistics.median(waits), 1.0, unit="s")
