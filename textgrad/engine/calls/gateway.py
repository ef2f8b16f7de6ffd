"""The gateway: the one way from the program to any engine. Looks in the call log, asks through the limiter, counts.

gateway = Gateway(CallLog("calls.sqlite"), Limiter(max_concurrency=64))
test_engine = gateway.route(get_engine("ollama-llama3.1"), role="test", sampling=Sampling(seed=1))
"""

import dataclasses
import functools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textgrad.concurrency import current_scope
from textgrad.engine.base import EngineLM, Reply, Sampling, Text, messages_of
from textgrad.engine.calls.budget import Budget
from textgrad.engine.calls.call_log import CallLog, canonical, key_of_text
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.calls.truncation import TruncationDetector
from textgrad.errors import CallFailed, ContextExceeded, StopRun, UsageError

_ASK_AGAIN = ("empty", "filtered", "malformed")


@dataclass
class Usage:
    """What one role has used.

    Attributes:
        requests: how often an engine was asked, also where an earlier reply answered.
        calls: distinct requests, each paid for once.
        prompt_tokens, completion_tokens: as counted by the endpoint, estimated where it does not count.
        seconds: summed over calls, so more than the clock when calls overlap.
        flaws: how many replies were empty, truncated, filtered, malformed, too long or failed.
    """

    requests: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    flaws: Counter = field(default_factory=Counter)


class Gateway:
    """Answers requests from the call log where they are there, else from their engine.

    Args:
        call_log: where replies are kept; without one every request is sent.
        limiter: admits requests; an unlimited one by default.
        budget: caps on what is used; none by default.
        reuse: False sends the same request anew at every place of the run (it still replays after a crash).
        replay_only: True refuses to send anything.
        forgiving: True turns a request that was given up into a flawed reply, so that no reply ends a run.
        warn: told in one line what the user should know; standard error if left out.
    """

    def __init__(
        self,
        call_log: CallLog | None = None,
        limiter: Limiter | None = None,
        budget: Budget | None = None,
        *,
        reuse: bool = True,
        replay_only: bool = False,
        forgiving: bool = True,
        warn: Callable[[str], None] | None = None,
    ):
        self.call_log, self.limiter, self.budget = call_log, limiter or Limiter(), budget or Budget()
        self.reuse, self.replay_only, self.forgiving = reuse, replay_only, forgiving
        self.usage: dict[str, Usage] = {}
        self.on_reply: Callable[[], None] = lambda: None
        self._cuts = TruncationDetector(warn)
        self._counted: set[tuple[str, str]] = set()
        self._paid: set[str] = set()
        self._flying: dict[str, threading.Lock] = {}
        self._endpoints: dict[EngineLM, str] = {}
        self._lock = threading.Lock()

    def route(self, engine: EngineLM, role: str = "", sampling: Sampling | None = None) -> "Route":
        """The same engine, reached through this gateway.

        Args:
            engine: any engine.
            role: under which its calls are counted, such as "test" or "evaluation".
            sampling: defaults of its calls; the engine's own when left out.
        """
        return Route(self, engine, role, sampling or getattr(engine, "sampling", Sampling()))

    def ask(self, engine: EngineLM, role: str, messages: list[dict], sampling: Sampling) -> Reply:
        """One reply; asked a second time where the first held nothing.

        Raises:
            StopRun: the run cannot go on.
            CallFailed, ContextExceeded: only where the gateway is not forgiving.
        """
        reply = self._draw(engine, role, messages, sampling, draw=0)
        if reply.flaw in _ASK_AGAIN:
            reply = self._draw(engine, role, messages, sampling, draw=1)
        return reply

    def get_metadata(self, note: dict) -> Any:
        """What was remembered under a note, or None: facts of a run that its seed and replies do not decide."""
        found = self.call_log.get(key_of_text(_request_of(note))) if self.call_log is not None else None
        return json.loads(found.text) if found else None

    def put_metadata(self, note: dict, value: Any) -> None:
        """Keeps a JSON value under a note, in the call log."""
        if self.call_log is not None:
            self.call_log.put(key_of_text(_request_of(note)), _request_of(note), Reply(json.dumps(value)), 0.0)

    def close(self) -> None:
        """Lets nothing more be sent, and closes the call log."""
        self.limiter.stop(StopRun("the run has ended"))
        if self.call_log is not None:
            self.call_log.close()

    def _draw(self, engine: EngineLM, role: str, messages: list[dict], sampling: Sampling, draw: int) -> Reply:
        if self.call_log is None:
            return self._send(engine, messages, sampling)[0]
        request = {
            "model": engine.model_string,
            "endpoint": self._endpoint(engine),
            "messages": messages,
            **vars(sampling),
            "draw": draw,
        }
        if sampling.temperature > 0 or not self.reuse:
            request["place"] = current_scope()
        asked = canonical(request)
        key = key_of_text(asked)
        while True:
            if found := self.call_log.row(key):
                self._pay(role, key, found[0])
                return self._count(role, key, *found)
            if self._take_off(key, engine):
                try:
                    return self._fetch(engine, role, messages, sampling, asked, key)
                finally:
                    self._land(key)

    def _endpoint(self, engine: EngineLM) -> str:
        """Where a request goes; in a replay, where it went: a log from elsewhere needs no base URL set to the same."""
        if not self.replay_only:
            return engine.endpoint
        if engine not in self._endpoints:
            known = self.call_log.endpoints(engine.model_string)
            self._endpoints[engine] = known[0] if len(known) == 1 else engine.endpoint
        return self._endpoints[engine]

    def _take_off(self, key: str, engine: EngineLM) -> bool:
        """True when this thread is to send the request; else returns when the one that sent it has ended."""
        with self._lock:
            flying = self._flying.get(key)
            if flying is None:
                self._flying[key] = threading.Lock()
                self._flying[key].acquire()
                return True
        with flying:  # held by the one that sent it
            return False

    def _land(self, key: str) -> None:
        with self._lock:
            self._flying.pop(key).release()

    def _fetch(self, engine, role, messages, sampling, asked, key) -> Reply:
        if found := self.call_log.row(key):  # it landed between the look-up and the take-off
            return self._count(role, key, *found)
        if self.replay_only:
            raise UsageError(
                f"replay only: the call log {self.call_log.path} has no reply for this call of the {role} "
                f"engine {engine.model_string} at {_where()}: {str(messages[-1]['content'])[:80]!r}"
            )
        with self.budget.reserved(role, _longest(messages), sampling.max_tokens):
            reply, seconds = self._send(engine, messages, sampling)
            if reply.flaw != "failed":  # a request that was given up is free, and is sent anew after a restart
                self.call_log.put(key, asked, reply, seconds)
                self._pay(role, key, reply)
        return self._count(role, key, reply, seconds)

    def _send(self, engine: EngineLM, messages: list[dict], sampling: Sampling) -> tuple[Reply, float]:
        started = time.monotonic()
        try:
            reply = self.limiter.call(lambda: engine.complete(messages, sampling), engine.endpoint)
        except StopRun as reason:
            if self.forgiving:  # a run is over; without one, another engine may do better
                self.limiter.stop(reason)
            raise
        except (CallFailed, ContextExceeded) as error:
            if not self.forgiving:
                raise
            reply = Reply("", finish_reason="failed" if isinstance(error, CallFailed) else "context")
        self._cuts.observe(engine.endpoint, messages, reply.prompt_tokens)
        return reply, time.monotonic() - started

    def _pay(self, role: str, key: str, reply: Reply) -> None:
        with self._lock:
            new = key not in self._paid
            self._paid.add(key)
        if new:
            self.budget.charge(role, reply)

    def _count(self, role: str, key: str, reply: Reply, seconds: float) -> Reply:
        with self._lock:
            usage = self.usage.setdefault(role, Usage())
            usage.requests += 1
            if (role, key) not in self._counted:
                self._counted.add((role, key))
                usage.calls += 1
                usage.prompt_tokens += reply.prompt_tokens or 0
                usage.completion_tokens += reply.completion_tokens or 0
                usage.seconds += seconds
                if reply.flaw:
                    usage.flaws[reply.flaw] += 1
            self.on_reply()
        return reply


class Route(EngineLM):
    """An engine as one role of a run sees it: every call goes through the gateway."""

    def __init__(self, gateway: Gateway, engine: EngineLM, role: str, sampling: Sampling):
        self.gateway, self.engine, self.role, self.sampling = gateway, engine, role, sampling
        self.model_string, self.endpoint = engine.model_string, engine.endpoint
        self.system_prompt, self.is_multimodal = engine.system_prompt, engine.is_multimodal
        self.enforces_form = engine.enforces_form

    def generate(self, prompt, system_prompt: str | None = None, **kwargs) -> Text:
        """The reply's text, which remembers its flaw.

        Args:
            prompt: str, or list of str and bytes.
            system_prompt: in place of the engine's own; "" for none.
            **kwargs: fields of `Sampling` to change for this call.
        """
        sampling = dataclasses.replace(self.sampling, **kwargs) if kwargs else self.sampling
        messages = messages_of(prompt, self.system_prompt if system_prompt is None else system_prompt)
        reply = self.gateway.ask(self.engine, self.role, messages, sampling)
        return Text(reply.text, reply.flaw)


def _request_of(note: dict) -> str:
    """A note as the call log keeps it, in the place of a request."""
    return canonical({"note": note})


def _longest(messages: list[dict]) -> int:
    """Tokens that a request has at the most: half its bytes, which is more than any tokenizer makes of a text."""
    return sum(len(str(message["content"]).encode("utf-8", "replace")) // 2 + 16 for message in messages)


def _where() -> str:
    return " ".join(f"{label} {value}" for label, value in current_scope()) or "the start"


@functools.cache
def standalone_gateway() -> Gateway:
    """The gateway of scripts that use an engine without a run: limits and retries, no log, failures raised."""
    return Gateway(forgiving=False)
