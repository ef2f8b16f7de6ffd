"""Costs of the program: processor time per call, memory, replay, growth, and merging of many uploads."""

import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from endpoint import Endpoint
from measured import ROOT, Setup, bare_client_cpu, merge_depth
from row import Row


def overhead(folder: Path) -> Iterator[Row]:
    """Measure processor time per call relative to a bare client.

    The difference of runs of four rounds and of one excludes start-up and report.
    """
    for width in (64, 300):
        setup = Setup(clients=100, steps=1, options=("--max_concurrency", str(width)))
        cpu, calls = [], []
        with Endpoint() as endpoint:
            for rounds in (1, 4):
                used = replace(setup, rounds=rounds).run(folder, endpoint.url, f"overhead_{width}_{rounds}")
                cpu.append(used.cpu)
                calls.append(endpoint.usage().answered)
            count = calls[1] - calls[0]
            ours = (cpu[1] - cpu[0]) / count
            bare = bare_client_cpu(folder / "logs" / f"overhead_{width}_4" / "calls.sqlite", endpoint.url, width)
        setting = f"{width} in flight, {1000 * ours:.2f} and {1000 * bare:.2f} ms, {count} calls"
        yield Row("processor time per call / a bare client's", setting, ours / bare, 0.6)


def replay(folder: Path) -> Iterator[Row]:
    """Measure the time per call answered by the call log. A run in which all clients drop out is subtracted."""
    for clients, rounds, repetitions in ((25, 3, 15), (250, 30, 1)):
        setup = Setup(clients=clients, rounds=rounds, steps=1, held_out=4, engine="simulated")
        idle = replace(setup, options=("--drop_rate", "1"))
        replayed = _replay_seconds(folder, setup, f"replay_{clients}", repetitions)
        calls = clients * rounds * (4 * setup.batch + 1)
        milliseconds = 1000 * (replayed - _replay_seconds(folder, idle, f"idle_{clients}", repetitions)) / calls
        yield Row("replay, per call", f"{calls} calls, {clients} clients", milliseconds, 0.4, unit="ms")


def _replay_seconds(folder: Path, setup: Setup, name: str, repetitions: int) -> float:
    """Return the median wall time of repeating a finished run."""
    setup.run(folder, name=name)
    return statistics.median(setup.run(folder, name=name).seconds for _ in range(repetitions))


def memory(folder: Path) -> Iterator[Row]:
    """Measure the peak memory of 1,000 clients, in runs of one round and of three."""
    setup = Setup(clients=1000, steps=1, batch=1, options=("--max_concurrency", "1000"))
    peaks = []
    for rounds in (1, 3):
        with Endpoint() as endpoint:
            peaks.append(replace(setup, rounds=rounds).run(folder, endpoint.url, f"memory_{rounds}").megabytes)
    yield Row("peak memory", "1000 clients, 3 rounds, 1000 calls in flight", peaks[1], 600, unit="MB")
    yield Row("peak memory of 3 rounds / of 1", "1000 clients", peaks[1] / peaks[0], 1.25)


def growth(folder: Path) -> Iterator[Row]:
    """Measure the exponent of processor time, without start-up, in clients, steps and rounds."""
    base = Setup(clients=20, rounds=2, steps=2, held_out=4, engine="simulated")
    start = replace(base, clients=1, rounds=1, steps=1, batch=1).run(folder, name="growth_start").cpu
    factors = (1, 2, 4, 8)
    for quantity in ("clients", "steps", "rounds"):
        first, costs = getattr(base, quantity), []
        for factor in factors:
            setup = replace(base, **{quantity: factor * first})
            costs.append(setup.run(folder, name=f"growth_{quantity}_{factor}").cpu - start)
        line = statistics.linear_regression(
            [math.log(factor) for factor in factors], [math.log(cost) for cost in costs]
        )
        setting = f"in {quantity}, from {first} to {factors[-1] * first}"
        yield Row("exponent of processor time", setting, line.slope, 1.1)


def merging(folder: Path) -> Iterator[Row]:
    """Measure the depth of the tree that merges 1,000 uploads, and its longest request."""
    sys.path.insert(0, str(ROOT))
    from textgrad.engine.base import ChatEngine, Reply
    from textgrad.tokens import estimate_tokens
    from utils.aggregation.aggregate import aggregate
    from utils.aggregation.merging import Merging
    from utils.aggregation.upload import Upload

    class MergeEngine(ChatEngine):
        """Replies with a merged prompt and records the tokens of the uploads in each request."""

        model_string, endpoint = "merger", "here"
        lengths: list[int] = []

        def generate(self, content, system_prompt=None, **kwargs):
            uploads = content.partition("<PROMPT client=")[2].rpartition("</PROMPT>")[0]
            self.lengths.append(estimate_tokens(uploads))
            return "<IMPROVED_VARIABLE>\n" + f"Merge {len(self.lengths)} of many. " * 40 + "\n</IMPROVED_VARIABLE>"

        def complete(self, messages, sampling):
            return Reply(self.generate(messages[-1]["content"]))

    engine, budget, count = MergeEngine(), 4000, 1000
    prompts = [f"Case {number}: " + "work in small steps and check the result. " * 20 for number in range(count)]
    merge = aggregate("summarization", list(map(Upload, range(count), prompts)), Merging(engine, budget))
    yield Row("depth of the merge tree", f"{count} uploads, {merge.calls} calls", merge.depth, merge_depth(count))
    setting = f"{count} uploads of {estimate_tokens(prompts[0])} tokens"
    yield Row("longest merge / its token budget", setting, max(engine.lengths) / budget, 1.0)
