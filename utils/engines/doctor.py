#!/usr/bin/env python3
"""Check engines with a few small calls before a run.

.venv/bin/python -m utils.engines.doctor --evaluation_engine gpt-4o --test_engine ollama-llama3.1
"""

import argparse
import time
from collections.abc import Iterator

from textgrad.concurrency import fan_out
from textgrad.engine import get_engine
from textgrad.engine.base import EngineLM, Reply, Sampling, messages_of
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.protocol.messages import prompt_tokens
from textgrad.engine.registry import check_engine_name
from textgrad.errors import BadReply, BrokenSystem, TransientError, UsageError
from textgrad.text import printable
from textgrad.tokens import estimate_tokens
from utils.config import option_field
from utils.options import OneLineParser, check_value
from utils.program.command import exit_status, run_command

LEVELS = (1, 2, 4, 8, 16)  # concurrent calls
_TIMEOUT = 60.0  # seconds per request
_MIN_SPEEDUP = 1.15  # that makes a level better than the one before


class Probe:
    """Checks of one engine.

    Args:
        engine: any engine.
    """

    def __init__(self, engine: EngineLM):
        self.engine = engine
        self._limiter = Limiter(max_retries=2)

    def ask(self, question: str, **sampling) -> tuple[Reply, float]:
        """Return a reply of at most 16 tokens, and the seconds it took.

        Raises:
            BrokenSystem: the engine does not answer.
        """
        started = time.monotonic()
        messages = messages_of(question, "Be brief.")
        parameters = Sampling(**{"max_tokens": 16, "seed": 1, **sampling})
        try:
            reply = self._limiter.call(lambda: self.engine.complete(messages, parameters), self.engine.endpoint)
        except BadReply as error:
            raise BrokenSystem(f"engine {self.engine.model_string} at {self.engine.endpoint}: {error}") from error
        return reply, time.monotonic() - started

    def findings(self) -> Iterator[tuple[str, str]]:
        """Yield the name and result of each check.

        Raises:
            BrokenSystem: the engine does not answer.
        """
        first, first_seconds = self.ask("Say OK.")
        second, seconds = self.ask("Say YES, please.")
        yield "reachable", "yes"
        yield "latency", f"{first_seconds:.2f} s for the first reply, {seconds:.2f} s for the next"
        yield "reply", repr(printable(second.text)[:60]) + (f", {second.flaw}" if second.flaw else "")
        yield "tokens counted", self._token_counts({"Say OK.": first, "Say YES, please.": second})
        yield from self._server_facts()
        yield "seed respected", self._seed()
        dropped = getattr(self.engine, "dropped", ())
        yield "parameters dropped", ", ".join(sorted(dropped)) or "none"
        yield "concurrency", self._concurrency()

    def _token_counts(self, replies: dict[str, Reply]) -> str:
        """Return whether the endpoint counts tokens; if it does not, replies have our estimates."""

        def estimated(question: str, reply: Reply) -> bool:
            return (reply.prompt_tokens, reply.completion_tokens) == (
                prompt_tokens(messages_of(question, "Be brief.")),
                estimate_tokens(reply.text),
            )

        if any(reply.prompt_tokens is None for reply in replies.values()):
            return "no"
        if all(estimated(*each) for each in replies.items()):
            return "no, estimated"
        first = next(iter(replies.values()))
        return f"yes ({first.prompt_tokens} + {first.completion_tokens} for the first)"

    def _server_facts(self) -> Iterator[tuple[str, str]]:
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
        return "yes" if len(set(drawn)) > 1 else "unknown: replies do not vary"

    def _say_number(self, number: int) -> Reply:
        return self.engine.complete(messages_of(f"Say {number}.", "Be brief."), Sampling(max_tokens=16))

    def _concurrency(self) -> str:
        """Measure replies per second with 1, 2, 4, ... concurrent calls, until the endpoint refuses."""
        results, best, best_rate = [], 0, 0.0
        for level in LEVELS:
            started = time.monotonic()
            try:
                fan_out(self._say_number, range(level * 100, level * 101))
            except (TransientError, BadReply) as error:
                results.append(f"{level}: {printable(str(error))[:60]}")
                break
            rate = level / max(time.monotonic() - started, 1e-6)
            results.append(f"{level}: {rate:.3g}/s")
            if rate > best_rate * _MIN_SPEEDUP:
                best, best_rate = level, rate
        return f"best with {best} concurrent calls ({', '.join(results)})"


def examine(name: str, request_timeout: float) -> None:
    """Print the results of one engine.

    Raises:
        StopRun: the engine cannot be used.
    """
    check_engine_name(name)
    engine = get_engine(name, request_timeout=request_timeout)
    if hasattr(engine, "teach"):
        engine.teach([("Write three random words.", "one two three")])
    for number, (check, result) in enumerate(Probe(engine).findings()):
        if not number:
            print(printable(f"{name}: model {engine.model_string} at {engine.endpoint}"))
        print(printable(f"  {check:<20}{result}"), flush=True)


def main(arguments: list[str]) -> int:
    """Check engines. Return 0, or 2 if one cannot be used."""
    parser = OneLineParser(prog="python -m utils.engines.doctor", description="Check engines with a few small calls.")
    for role in ("evaluation_engine", "test_engine"):
        parser.add_argument(f"--{role}", action="append", default=[], metavar="ENGINE", help="may be repeated")
    timeout_help = f"timeout of a request, in seconds (default: {_TIMEOUT:g})"
    parser.add_argument("--request_timeout", default=_TIMEOUT, metavar="SECONDS", help=timeout_help)
    return exit_status(lambda: _run(parser.parse_args(arguments)))


def _run(options: argparse.Namespace) -> int:
    timeout = check_value(option_field("request_timeout"), options.request_timeout, "--request_timeout")
    names = list(dict.fromkeys([*options.evaluation_engine, *options.test_engine]))
    if not names:
        raise UsageError("no engine given: use --evaluation_engine gpt-4o, --test_engine ollama-llama3.1, or both")
    for name in names:
        examine(name, timeout)
    return 0


if __name__ == "__main__":
    run_command(main)
