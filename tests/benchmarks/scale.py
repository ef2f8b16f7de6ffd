"""Costs of the program: processor time per call, memory, replay, growth, and merging of many uploads."""

import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from endpoint import Endpoint
from measured import ROOT, Setup, bare_client, merge_depth
from row import Row


def overhead(folder: Path) -> Iterator[Row]:
    """Measure processor time per call without start and end (four rounds minus one), relative to a bare client."""
    for width in (64, 300):
        setup = Setup(clients=100, steps=1, more=("--max_concurrency", str(width)))
        spent, calls = [], []
        with Endpoint() as endpoint:
            for rounds in (1, 4):
                took = replace(setup, rounds=rounds).run(folder, endpoint.url, f"overhead_{width}_{rounds}")
                spent.append(took.cpu)
                calls.append(endpoint.usage().answered)
            ours = (spent[1] - spent[0]) / (calls[1] - calls[0])
            log = folder / "logs" / f"overhead_{width}_4" / "calls.sqlite"
            bare = bare_client(log, endpoint.url, width)
        text = f"{width} in flight, {1000 * ours:.2f} and {1000 * bare:.2f} ms, {calls[1] - calls[0]} calls"
        yield Row("processor time per call / a bare client's", text, ours / bare, 0.6)


def replay(folder: Path) -> Iterator[Row]:
    """Measure a replay from the call log, minus the time of a run in which all clients drop out; medians if short."""
    for clients, rounds, times in ((25, 3, 15), (250, 30, 1)):
        setup = Setup(clients=clients, rounds=rounds, steps=1, scored=4, engine="simulated")
        idle = replace(setup, more=("--drop_rate", "1"))
        seconds = _again(folder, setup, f"replay_{clients}", times) - _again(folder, idle, f"idle_{clients}", times)
        counted = clients * rounds * (4 * setup.batch + 1)
        yield Row("replay, per call", f"{counted} calls, {clients} clients", 1000 * seconds / counted, 0.4, unit="ms")


def _again(folder: Path, setup: Setup, name: str, times: int) -> float:
    """Return the seconds of repeating a finished run, as a median."""
    setup.run(folder, name=name)
    return statistics.median(setup.run(folder, name=name).seconds for _ in range(times))


def memory(folder: Path) -> Iterator[Row]:
    """Measure the memory of 1,000 clients, after one round and after three."""
    setup = Setup(clients=1000, steps=1, batch=1, more=("--max_concurrency", "1000"))
    peaks = []
    for rounds in (1, 3):
        with Endpoint() as endpoint:
            peaks.append(replace(setup, rounds=rounds).run(folder, endpoint.url, f"memory_{rounds}").megabytes)
    yield Row("peak memory", "1000 clients, 3 rounds, 1000 calls in flight", peaks[1], 600, unit="MB")
    yield Row("peak memory after 3 rounds / after 1", "1000 clients", peaks[1] / peaks[0], 1.25)


def growth(folder: Path) -> Iterator[Row]:
    """Measure the exponent of processor time, without start-up, in clients, steps and rounds."""
    base = Setup(clients=20, rounds=2, steps=2, scored=4, engine="simulated")
    start = replace(base, clients=1, rounds=1, steps=1, batch=1).run(folder, name="growth_start").cpu
    for quantity in ("clients", "steps", "rounds"):
        factors, costs = (1, 2, 4, 8), []
        for factor in factors:
            setup = replace(base, **{quantity: factor * getattr(base, quantity)})
            costs.append(setup.run(folder, name=f"growth_{quantity}_{factor}").cpu - start)
        line = statistics.linear_regression(list(map(math.log, factors)), list(map(math.log, costs)))
        text = f"in {quantity}, from {getattr(base, quantity)} to {factors[-1] * getattr(base, quantity)}"
        yield Row("exponent of processor time", text, line.slope, 1.1)


def merging(folder: Path) -> Iterator[Row]:
    """Measure the depth of the tree that merges 1,000 uploads, and its longest request."""
    sys.path.insert(0, str(ROOT))
    from textgrad.engine.base import ChatEngine, Reply
    from textgrad.tokens import estimate_tokens
    from utils.aggregation.aggregate import aggregate
    from utils.aggregation.merging import Merging
    from utils.aggregation.upload import Upload

    class Merger(ChatEngine):
        model_string, endpoint = "merger", "here"
        lengths: list[int] = []

        def generate(self, content, system_prompt=None, **kwargs):
            uploads = content.partition("<PROMPT client=")[2].rpartition("</PROMPT>")[0]
            self.lengths.append(estimate_tokens(uploads))
            return "<IMPROVED_VARIABLE>\n" + f"Merge {len(self.lengths)} of many. " * 40 + "\n</IMPROVED_VARIABLE>"

        def complete(self, messages, sampling):
            return Reply(self.generate(messages[-1]["content"]))

    engine, budget = Merger(), 4000
    uploads = [f"Case {number}: " + "work in small steps and check the result. " * 20 for number in range(1000)]
    merge = aggregate("summarization", list(map(Upload, range(len(uploads)), uploads)), Merging(engine, budget))
    yield Row("depth of the merge tree", f"1000 uploads, {merge.calls} calls", merge.depth, merge_depth(1000))
    yield Row(
        "longest merge / its token budget",
        f"1000 uploads of {estimate_tokens(uploads[0])} tokens",
        max(engine.lengths) / budget,
        1.0,
    )
