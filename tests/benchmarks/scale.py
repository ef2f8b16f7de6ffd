"""What the program itself costs: processor time a call, memory, replay, growth, and the merging of many uploads."""

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
    """Processor time a call beyond start and end, from runs of one and of four rounds, over that of a bare client."""
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
        told = f"{width} at once, {1000 * ours:.2f} and {1000 * bare:.2f} ms, {calls[1] - calls[0]} calls"
        yield Row("processor time a call / a bare client's", told, ours / bare, 1.5)


def replay(folder: Path) -> Iterator[Row]:
    """Measure a replay from the call log, minus the time of a run in which all clients drop out; medians if short."""
    for clients, rounds, times in ((25, 3, 15), (250, 30, 1)):
        setup = Setup(clients=clients, rounds=rounds, steps=1, scored=4, engine="simulated")
        idle = replace(setup, more=("--drop_rate", "1"))
        seconds = _again(folder, setup, f"replay_{clients}", times) - _again(folder, idle, f"idle_{clients}", times)
        counted = clients * rounds * (4 * setup.batch + 1)
        yield Row("replay, a call", f"{counted} calls of {clients} clients", 1000 * seconds / counted, 0.2, unit="ms")


def _again(folder: Path, setup: Setup, name: str, times: int) -> float:
    """Seconds of a run that has been made before; the median of so many."""
    setup.run(folder, name=name)
    return statistics.median(setup.run(folder, name=name).seconds for _ in range(times))


def memory(folder: Path) -> Iterator[Row]:
    """1,000 clients, after one round and after three."""
    setup = Setup(clients=1000, steps=1, batch=1, more=("--max_concurrency", "1000"))
    peaks = []
    for rounds in (1, 3):
        with Endpoint() as endpoint:
            peaks.append(replace(setup, rounds=rounds).run(folder, endpoint.url, f"memory_{rounds}").megabytes)
    yield Row("peak memory", "1000 clients, 3 rounds, 1000 calls at once", peaks[1], 600, unit="MB")
    yield Row("peak memory after 3 rounds / after 1", "1000 clients", peaks[1] / peaks[0], 1.25)


def growth(folder: Path) -> Iterator[Row]:
    """The exponent of processor time (start-up apart) in clients, steps and rounds."""
    base = Setup(clients=20, rounds=2, steps=2, scored=4, engine="simulated")
    start = replace(base, clients=1, rounds=1, steps=1, batch=1).run(folder, name="growth_start").cpu
    for what in ("clients", "steps", "rounds"):
        factors, costs = (1, 2, 4, 8), []
        for factor in factors:
            setup = replace(base, **{what: factor * getattr(base, what)})
            costs.append(setup.run(folder, name=f"growth_{what}_{factor}").cpu - start)
        line = statistics.linear_regression(list(map(math.log, factors)), list(map(math.log, costs)))
        told = f"in {what}, from {getattr(base, what)} to {factors[-1] * getattr(base, what)}"
        yield Row("exponent of processor time", told, line.slope, 1.1)


def merging(folder: Path) -> Iterator[Row]:
    """1,000 uploads: the depth of the tree, and the longest request to the merging engine."""
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
    yield Row("depth of the tree of merges", f"1000 uploads, {merge.calls} calls", merge.depth, merge_depth(1000))
    yield Row(
        "longest merge / its budget of tokens",
        f"1000 uploads of {estimate_tokens(uploads[0])} tokens",
        max(engine.lengths) / budget,
        1.0,
    )
