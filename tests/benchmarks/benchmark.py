"""Run benchmarks: `.venv/bin/python tests/benchmarks/benchmark.py [name ...]`; without a name, all except `sweep`.

Results are counts or ratios within one run where possible, because clocks of shared machines are noisy. The table is
also appended to logs/benchmark.txt.
"""

import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import model
import scale
import speed
import start
from measured import ROOT
from row import table

BENCHMARKS = {
    "help": start.help_text,
    "first_call": start.first_call,
    "chains": speed.chains,
    "shortcuts": speed.shortcuts,
    "capacity": speed.capacity,
    "rate": speed.rate,
    "overhead": scale.overhead,
    "replay": scale.replay,
    "memory": scale.memory,
    "growth": scale.growth,
    "merging": scale.merging,
    "throughput": model.throughput,
    "sweep": model.sweep,
}


def describe_machine() -> str:
    """Return date, processor, memory, Python and load, in one line."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        names = {line.partition(":")[2].strip() for line in file if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}, {len(os.sched_getaffinity(0))} cores ({', '.join(sorted(names))}), "
        f"{memory:.0f} GiB, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} before"
    )


def main(names: list[str]) -> int:
    """Run benchmarks. Return 1 if a target was missed, 2 for an unknown name, else 0."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"error: unknown benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    heading, rows = describe_machine(), []
    for name in names or [name for name in BENCHMARKS if name != "sweep"]:
        with tempfile.TemporaryDirectory() as folder:
            for row in BENCHMARKS[name](Path(folder)):
                print(table([row]).splitlines()[-1], file=sys.stderr, flush=True)
                rows.append(row)
    text = f"{heading}, {os.getloadavg()[0]:.1f} after\n{table(rows)}\n"
    (ROOT / "logs").mkdir(exist_ok=True)
    with open(ROOT / "logs" / "benchmark.txt", "a", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text, end="")
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
