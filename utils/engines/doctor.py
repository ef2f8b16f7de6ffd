#!/usr/bin/env python3
"""Looks whether engines work before a run is started with them, with a few tiny calls.

python -m utils.engines.doctor --evaluation_engine gpt-4o --test_engine ollama-llama3.1
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator

from textgrad.concurrency import fan_out
from textgrad.engine import get_engine
from textgrad.engine.base import EngineLM, Reply, Sampling, messages_of
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.protocol.messages import prompt_tokens
from textgrad.engine.registry import check_engine_name
from textgrad.errors import BadReply, BrokenSystem, StopRun, TransientError, UsageError
from textgrad.tokens import estimate_tokens
from utils.run_log.terminal import clean

LEVELS = (1, 2, 4, 8, 16)  # calls at once
_WORTH_IT = 1.15  # more throughput than this makes a level of concurrency better than the one before


class Probe:
    """One engine under examination.

    Args:
        engine: any engine.
    """

    def __init__(self, engine: EngineLM):
        self.engine = engine
        self._limiter = Limiter(max_retries=2)

    def ask(self, question: str, **sampling) -> tuple[Reply, float]:
        """A reply of at most 16 tokens and the seconds it took.

        Raises:
            BrokenSystem: there is none.
        """
        started = time.monotonic()
        messages, drawn = messages_of(question, "Be brief."), Sampling(**{"max_tokens": 16, "seed": 1, **sampling})
        try:
            reply = self._limiter.call(lambda: self.engine.complete(messages, drawn), self.engine.endpoint)
        except BadReply as error:
            raise BrokenSystem(f"engine {self.engine.model_string} at {self.engine.endpoint}: {error}") from error
        return reply, time.monotonic() - started

    def findings(self) -> Iterator[tuple[str, str]]:
        """What is found, one thing after the other: its name and the finding.

        Raises:
            BrokenSystem: the engine does not answer.
        """
        first, first_seconds = self.ask("Say OK.")
        second, seconds = self.ask("Say YES, please.")
        yield "reachable", "yes"
        yield "latency", f"{first_seconds:.2f} s for the first reply, {seconds:.2f} s for the next"
        yield "reply", repr(clean(second.text)[:60]) + (f", {second.flaw}" if second.flaw else "")
        yield "tokens counted", self._counted({"Say OK.": first, "Say YES, please.": second})
        yield from self._told()
        yield "seed honoured", self._seed()
        dropped = getattr(self.engine, "dropped", ())
        yield "parameters dropped", ", ".join(sorted(dropped)) or "none"
        yield "concurrency", self._concurrency()

    def _counted(self, replies: dict[str, Reply]) -> str:
        """An endpoint that does not count leaves the numbers that we estimate."""

        def estimated(question: str, reply: Reply) -> bool:
            return (reply.prompt_tokens, reply.completion_tokens) == (
                prompt_tokens(messages_of(question, "Be brief.")),
                estimate_tokens(reply.text),
            )

        if any(reply.prompt_tokens is None for reply in replies.values()):
            return "no"
        told = next(iter(replies.values()))
        return (
            "no, estimated"
            if all(estimated(*each) for each in replies.items())
            else (f"yes ({told.prompt_tokens} + {told.completion_tokens} for the first)")
        )

    def _told(self) -> Iterator[tuple[str, str]]:
        if not hasattr(self.engine, "client"):
            yield "model found", "yes"
            return
        from utils.engines.server_facts import ServerFacts

        facts = ServerFacts(self.engine)
        yield "model found", facts.listed()
        yield "context length", facts.context()
        yield "product", facts.product()
        yield "prefix caching", facts.prefix_caching()

    def _seed(self) -> str:
        question = "Write three random words."
        drawn = [self.ask(question, temperature=1.0, seed=seed)[0].text for seed in (7, 7, 8, 9)]
        if "seed" in getattr(self.engine, "dropped", ()):
            return "no, the endpoint refuses it"
        if drawn[0] != drawn[1]:
            return "no"
        return "yes" if len(set(drawn)) > 1 else "cannot be told: replies do not vary"

    def _concurrency(self) -> str:
        """Replies a second with 1, 2, 4, ... calls at once; ends where the endpoint refuses."""
        told, best, best_rate = [], 0, 0.0
        for level in LEVELS:
            started = time.monotonic()
            try:
                fan_out(
                    lambda number, level=level: self.engine.complete(
                        messages_of(f"Say {level * 100 + number}.", "Be brief."), Sampling(max_tokens=16)
                    ),
                    range(level),
                )
            except (TransientError, BadReply) as error:
                told.append(f"{level}: {clean(str(error))[:60]}")
                break
            rate = level / max(time.monotonic() - started, 1e-6)
            told.append(f"{level}: {rate:.3g}/s")
            if rate > best_rate * _WORTH_IT:
                best, best_rate = level, rate
        return f"{best} calls at once serve best ({', '.join(told)})"


def examine(name: str, request_timeout: float) -> None:
    """Prints what is found about one engine.

    Raises:
        StopRun: it cannot be used; one line says why.
    """
    check_engine_name(name)
    engine = get_engine(name, request_timeout=request_timeout)
    if hasattr(engine, "teach"):
        engine.teach([("Write three random words.", "one two three")])
    for number, (what, found) in enumerate(Probe(engine).findings()):
        if not number:
            print(f"{name}: model {engine.model_string} at {engine.endpoint}")
        print(f"  {what:<20}{found}", flush=True)


def main(arguments: list[str]) -> int:
    """Examines the engines named; returns 0, or 2 where one cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m utils.engines.doctor", description="Looks whether engines work, with a few tiny calls to each."
    )
    for role in ("evaluation_engine", "test_engine"):
        parser.add_argument(f"--{role}", action="append", default=[], metavar="ENGINE")
    parser.add_argument("--request_timeout", type=float, default=60.0, metavar="SECONDS")
    given = parser.parse_args(arguments)
    names = list(dict.fromkeys([*given.evaluation_engine, *given.test_engine]))
    try:
        if not names:
            raise UsageError("name an engine: --evaluation_engine gpt-4o, --test_engine ollama-llama3.1, or both")
        for name in names:
            examine(name, given.request_timeout)
    except StopRun as reason:
        print(f"error: {clean(' '.join(str(reason).split()))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # a call that nobody waits for any more must not hold up the end
