"""How soon a run is under way."""

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from endpoint import Endpoint
from measured import Setup, run
from row import Row


def help_text(folder: Path) -> Iterator[Row]:
    """`main.py --help` over a Python that does nothing."""
    times = 15
    ours, bare = (
        statistics.median(run([sys.executable, *words]).seconds for _ in range(times))
        for words in (["main.py", "--help"], ["-c", "pass"])
    )
    told = f"medians of {times}, {1000 * ours:.0f} and {1000 * bare:.0f} ms"
    yield Row("main.py --help / python -c pass", told, ours / bare, 6)


def first_call(folder: Path) -> Iterator[Row]:
    """From the start of the program to its first call at the endpoint, beyond the import of openai."""
    times, waits = 5, []
    for number in range(times):
        with Endpoint() as endpoint:
            command = Setup(rounds=1, steps=1).command(folder, f"first_{number}")
            started = time.monotonic()
            run(command, endpoint.url)
            waits.append(endpoint.usage().first - started)
    imports = statistics.median(run([sys.executable, "-c", "import openai"]).seconds for _ in range(times))
    yield Row(
        "start to first call, less import openai",
        f"medians of {times}, import {imports:.2f} s",
        statistics.median(waits) - imports,
        1.0,
        unit="s",
    )
