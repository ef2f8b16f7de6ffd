"""Speed of a run relative to its endpoint's latency, capacity and rate limit; and its number of calls."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from endpoint import Endpoint
from measured import Setup, bare_client, merges_in
from row import Row

LATENCY = 0.2  # seconds
WIDE = ("--max_concurrency", "4096")

CHAINS = {  # the published code takes 35.7 s, 85.7 s, and for two tasks 80.5 s
    "centralized": (Setup("train_centralized", clients=1, steps=4, more=WIDE), 1.15),
    "homo, 3 clients": (Setup(steps=4, more=WIDE), 1.15),
    "hetero, 3 tasks": (Setup("train_hetero_fed", steps=4, more=WIDE), 1.15),
    "homo, 30 clients": (Setup(clients=30, steps=4, more=WIDE), 1.3),
    "homo, 300 clients": (Setup(clients=300, steps=4, more=WIDE), None),
    "homo, 300 clients, batches of 1": (Setup(clients=300, steps=4, batch=1, more=WIDE), None),
    "homo, 1000 clients": (Setup(clients=1000, rounds=1, steps=1, more=WIDE), None),
}


def chains(folder: Path) -> Iterator[Row]:
    """Measure wall time / (latency x longest chain), start and report included; and calls / calls of the paper."""
    for name, (setup, target) in CHAINS.items():
        with Endpoint(LATENCY) as endpoint:
            took = setup.run(folder, endpoint.url, run := re.sub(r"\W+", "_", name))
            calls = endpoint.usage().answered
            log = folder / "logs" / run / "calls.sqlite"
            bare = calls * bare_client(log, endpoint.url, 300) if setup.clients >= 300 else 0.0
        others = calls - merges_in(folder, run)
        ratio = took.seconds / (LATENCY * setup.chain)
        if ratio < 1:
            raise AssertionError(f"{name}: {took.seconds:.1f} s are less than a chain of {setup.chain} calls needs")
        yield Row("time / (0.2 s x longest chain)", f"{name}: chain {setup.chain}, {calls} calls", ratio, target)
        if bare:
            yield Row(
                "time / processor time of a bare openai client",
                f"{name}: the same {calls} calls, {bare:.1f} s",
                took.seconds / bare,
            )
        counts = f"{name}: {others} of {setup.published_calls}, without merges"
        yield Row("calls / calls of the paper's algorithm", counts, others / setup.published_calls, 1.0)


def shortcuts(folder: Path) -> Iterator[Row]:
    """Measure the same run with each option that saves time or calls."""
    plain = Setup(more=WIDE)
    for option in ("", "--speculate", "--skip_solved"):
        setup = replace(plain, more=(*WIDE, *([option] if option else [])))
        with Endpoint(LATENCY) as endpoint:
            took = setup.run(folder, endpoint.url, f"shortcut{option.replace('-', '_')}")
            calls = endpoint.usage().answered
        if not option:
            first, calls_first = took, calls
            continue
        yield Row(f"time with {option} / without", f"homo, 3 clients, {calls} calls", took.seconds / first.seconds)
        yield Row(f"calls with {option} / without", f"homo, 3 clients, {calls} of {calls_first}", calls / calls_first)


def capacity(folder: Path) -> Iterator[Row]:
    """Measure how busy a run keeps a server that works on K requests at once, until the last 2 K calls are left."""
    for places, clients, latency, target in ((16, 300, 0.1, 0.95), (64, 300, 0.5, 0.95), (512, 1000, 2.0, 0.9)):
        setup = Setup(clients=clients, rounds=1, steps=1, more=WIDE)
        with Endpoint(latency, capacity=places) as endpoint:
            setup.run(folder, endpoint.url, run := f"capacity_{places}")
            usage = endpoint.usage()
        counted = usage.answered - merges_in(folder, run) - 2 * places
        share = usage.busy_share(counted, places, latency)
        text = f"K = {places}, {clients} clients, {latency:g} s per call, {counted} of {usage.answered} calls"
        yield Row("requests in work / the server's capacity", text, share, target, least=True)


def rate(folder: Path) -> Iterator[Row]:
    """Measure the request rate at a server that accepts 1200 requests per minute and answers 429 to others."""
    limit = 1200
    setup = Setup(clients=30, rounds=1, steps=2, more=("--requests_per_minute", str(limit)))
    with Endpoint(0.05, per_minute=limit) as endpoint:
        setup.run(folder, endpoint.url, "rate")
        usage = endpoint.usage()
    achieved = 60 * (usage.answered - 1) / (usage.last - usage.first - 0.05)
    yield Row(
        "requests per minute / the limit", f"R = {limit}, {usage.answered} calls", achieved / limit, 0.95, least=True
    )
    yield Row(
        "429s after the first second",
        f"R = {limit}, {usage.refused} refused in total",
        sum(when > 1 for when in usage.refusals),
        0,
    )
