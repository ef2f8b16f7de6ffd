"""Speed of a run relative to its endpoint's latency, capacity and rate limit; and its number of calls."""

import re
from collections.abc import Iterator
from pathlib import Path

from endpoint import Endpoint
from measured import Setup, bare_client_cpu, merge_calls
from row import Row

LATENCY = 0.2  # seconds
UNLIMITED = ("--max_concurrency", "4096")

CHAINS = {  # the published code takes 35.7 s, 85.7 s, and 80.5 s for two tasks
    "centralized": (Setup("train_centralized", clients=1, steps=4, options=UNLIMITED), 1.15),
    "homo, 3 clients": (Setup(steps=4, options=UNLIMITED), 1.15),
    "hetero, 3 tasks": (Setup("train_hetero_fed", steps=4, options=UNLIMITED), 1.15),
    "homo, 30 clients": (Setup(clients=30, steps=4, options=UNLIMITED), 1.3),
    "homo, 300 clients": (Setup(clients=300, steps=4, options=UNLIMITED), None),
    "homo, 300 clients, batches of 1": (Setup(clients=300, steps=4, batch=1, options=UNLIMITED), None),
    "homo, 1000 clients": (Setup(clients=1000, rounds=1, steps=1, options=UNLIMITED), None),
}


def chains(folder: Path) -> Iterator[Row]:
    """Measure wall time / (latency x longest chain), start and report included; and calls / calls of the paper."""
    for name, (setup, target) in CHAINS.items():
        run = re.sub(r"\W+", "_", name)
        with Endpoint(LATENCY) as endpoint:
            seconds = setup.run(folder, endpoint.url, run).seconds
            calls = endpoint.usage().answered
            call_log = folder / "logs" / run / "calls.sqlite"
            bare = calls * bare_client_cpu(call_log, endpoint.url, 300) if setup.clients >= 300 else 0.0
        ratio = seconds / (LATENCY * setup.longest_chain)
        if ratio < 1:
            raise AssertionError(f"{name}: {seconds:.1f} s are too few for a chain of {setup.longest_chain} calls")
        setting = f"{name}: chain {setup.longest_chain}, {calls} calls"
        yield Row("time / (0.2 s x longest chain)", setting, ratio, target)
        if bare:
            setting = f"{name}: the same {calls} calls, {bare:.1f} s"
            yield Row("time / processor time of a bare openai client", setting, seconds / bare)
        without_merges = calls - merge_calls(folder, run)
        setting = f"{name}: {without_merges} of {setup.paper_calls}, without merges"
        yield Row("calls / calls of the paper's algorithm", setting, without_merges / setup.paper_calls, 1.0)


def shortcuts(folder: Path) -> Iterator[Row]:
    """Measure the effect of each option that saves time or calls."""
    seconds, calls = {}, {}
    for option in ("", "--skip_solved"):
        setup = Setup(options=(*UNLIMITED, option) if option else UNLIMITED)
        with Endpoint(LATENCY) as endpoint:
            seconds[option] = setup.run(folder, endpoint.url, f"shortcut{option.replace('-', '_')}").seconds
            calls[option] = endpoint.usage().answered
        if option:
            setting = f"homo, 3 clients, {calls[option]} of {calls['']} calls"
            yield Row(f"time with {option} / without", setting, seconds[option] / seconds[""])
            yield Row(f"calls with {option} / without", setting, calls[option] / calls[""])


def capacity(folder: Path) -> Iterator[Row]:
    """Measure the share of a server's capacity that a run uses, until the last 2 K calls.

    The server works on K requests at once.
    """
    for slots, clients, latency, target in ((16, 300, 0.1, 0.95), (64, 300, 0.5, 0.95), (512, 1000, 2.0, 0.9)):
        run = f"capacity_{slots}"
        with Endpoint(latency, capacity=slots) as endpoint:
            Setup(clients=clients, rounds=1, steps=1, options=UNLIMITED).run(folder, endpoint.url, run)
            usage = endpoint.usage()
        counted = usage.answered - merge_calls(folder, run) - 2 * slots
        setting = f"K = {slots}, {clients} clients, {latency:g} s per call, {counted} of {usage.answered} calls"
        share = usage.busy_share(counted, slots, latency)
        yield Row("requests in progress / the server's capacity", setting, share, target, higher_is_better=True)


def rate(folder: Path) -> Iterator[Row]:
    """Measure the request rate at a server that accepts 1200 requests per minute and answers 429 to others."""
    limit, latency = 1200, 0.05
    setup = Setup(clients=30, rounds=1, steps=2, options=("--requests_per_minute", str(limit)))
    with Endpoint(latency, per_minute=limit) as endpoint:
        setup.run(folder, endpoint.url, "rate")
        usage = endpoint.usage()
    achieved = 60 * (usage.answered - 1) / (usage.last - usage.first - latency)
    setting = f"R = {limit}, {usage.answered} calls"
    yield Row("requests per minute / the limit", setting, achieved / limit, 0.95, higher_is_better=True)
    setting = f"R = {limit}, {usage.refused} refused in total"
    yield Row("429s after the first second", setting, sum(moment > 1 for moment in usage.refusals), 0)
