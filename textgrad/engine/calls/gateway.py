"""The gateway: all calls of a run pass it. It looks up the call log, sends through the limiter, and counts usage.

gateway = Gateway(CallLog("calls.sqlite"), Limiter(max_concurrency=64))
test_engine = gateway.route(get_engine("ollama-llama3.1"), role="test", sampling=Sampling(seed=1))
"""

import contextlib
import dataclasses
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textgrad.concurrency import current_scope
from textgrad.engine.base import EngineLM, messages_of
from textgrad.engine.calls.budget import Budget
from textgrad.engine.calls.call_log import CallLog, canonical, key_of_text
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.calls.truncation import TruncationDetector
from textgrad.engine.reply import Flaw, Reply, Sampling, Text
from textgrad.errors import CallFailed, ContextExceeded, StopRun, UsageError
from textgrad.text import load_json, normalize
from textgrad.tokens import max_tokens

_MAX_REMARKS = 5  # per endpoint


@dataclass
class Usage:
    """Usage of one role.

    Attributes:
        requests: requests by the program, including those answered by the call log.
        calls: distinct requests; each is paid for once.
        prompt_tokens, completion_tokens: as counted by the endpoint; estimated if it does not count.
        seconds: sum over all calls, so more than the elapsed time if calls overlap.
        flaws: number of replies per flaw.
    """

    requests: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    flaws: Counter = field(default_factory=Counter)


@dataclass(frozen=True)
class _Call:
    """One request of an engine.

    Attributes:
        key, request: in the call log.
    """

    engine: EngineLM
    role: str
    messages: list[dict]
    sampling: Sampling
    key: str = ""
    request: str = ""


class Gateway:
    """Answers requests from the call log, or sends them to their engine.

    Args:
        call_log: stores all replies; without one, every request is sent.
        limiter: admits requests; the default limits by default.
        budget: caps on usage; none by default.
        reuse: if False, equal requests at different points of the run are sent separately, even at temperature 0.
        replay_only: if True, a request that is not in the call log raises `UsageError`.
        raise_on_failure: if True, a failed request raises; otherwise its reply is empty, with a flaw.
        warn: receives warnings, one line each; prints to standard error by default.

    Attributes:
        usage: by role.
        on_reply: called after every reply with the role, the key in the call log and the reply.
    """

    def __init__(
        self,
        call_log: CallLog | None = None,
        limiter: Limiter | None = None,
        budget: Budget | None = None,
        *,
        reuse: bool = True,
        replay_only: bool = False,
        raise_on_failure: bool = False,
        warn: Callable[[str], None] | None = None,
    ):
        self.call_log, self.limiter, self.budget = call_log, limiter or Limiter(), budget or Budget()
        self.reuse, self.replay_only, self.raise_on_failure = reuse, replay_only, raise_on_failure
        self.usage: dict[str, Usage] = {}
        self.on_reply: Callable[[str, str, Reply], None] = lambda role, key, reply: None
        self.warn = warn or (lambda line: print(line, file=sys.stderr))
        self._truncation = TruncationDetector(self.warn)
        self._warned: dict[str, set[str]] = {}
        self._counted: set[tuple[str, str]] = set()
        self._paid: set[str] = set()
        self._in_flight: dict[str, threading.Event] = {}
        self._endpoints: dict[EngineLM, str] = {}
        self._lock = threading.Lock()

    def route(self, engine: EngineLM, role: str = "", sampling: Sampling | None = None) -> "Route":
        """Return the engine, called through this gateway.

        Args:
            engine: any engine.
            role: label of its usage, such as "test" or "evaluation".
            sampling: default sampling parameters; those of the engine by default.
        """
        return Route(self, engine, role, sampling or engine.sampling)

    def ask(self, engine: EngineLM, role: str, messages: list[dict], sampling: Sampling) -> Reply:
        """Return a reply. If the first reply has no content or is unfinished, ask once more.

        Raises:
            StopRun: the run cannot continue.
            CallFailed, ContextExceeded: only with `raise_on_failure`.
        """
        reply = self._draw(engine, role, messages, sampling, draw=0)
        if reply.should_be_repeated:
            reply = self._draw(engine, role, messages, sampling, draw=1)
        return reply

    def get_metadata(self, key: dict) -> Any:
        """Return the JSON value stored under a key, or None. For facts that do not follow from seed and replies."""
        found = self.call_log.get(key_of_text(_metadata_request(key))) if self.call_log is not None else None
        with contextlib.suppress(ValueError):  # not written by this program: computed again
            return load_json(found.text) if found else None
        return None

    def put_metadata(self, key: dict, value: Any) -> None:
        """Store a JSON value under a key, in the call log."""
        if self.call_log is not None:
            request = _metadata_request(key)
            self.call_log.put(key_of_text(request), request, Reply(json.dumps(value)), seconds=0.0)

    def close(self) -> None:
        """Refuse further requests, and close the call log."""
        self.limiter.stop(StopRun("the run has ended"))
        if self.call_log is not None:
            self.call_log.close()

    def _draw(self, engine: EngineLM, role: str, messages: list[dict], sampling: Sampling, draw: int) -> Reply:
        """Return one reply, from the call log or from the engine; `draw` distinguishes repeated requests."""
        if self.call_log is None:
            return self._send(_Call(engine, role, messages, sampling))[0]
        fields = {
            "model": engine.model_string,
            "endpoint": self._logged_endpoint(engine, self.call_log),
            "messages": messages,
            **vars(sampling),
            "draw": draw,
        }
        if sampling.temperature > 0 or not self.reuse:
            fields["place"] = current_scope()
        request = canonical(fields)
        call = _Call(engine, role, messages, sampling, key_of_text(request), request)
        while True:
            if found := self.call_log.row(call.key):
                self._charge(call, found[0])
                return self._count(call, *found)
            if self._claim(call.key):
                try:
                    return self._fetch(call, self.call_log)
                finally:
                    self._release(call.key)

    def _logged_endpoint(self, engine: EngineLM, call_log: CallLog) -> str:
        """Return the endpoint of an engine; in a replay, the logged one, so that no base URL need be set."""
        if not self.replay_only:
            return engine.endpoint
        if engine not in self._endpoints:
            logged = call_log.endpoints(engine.model_string)
            self._endpoints[engine] = logged[0] if len(logged) == 1 else engine.endpoint
        return self._endpoints[engine]

    def _claim(self, key: str) -> bool:
        """Return True if this thread is to send the request. Otherwise wait for the thread that sends it."""
        with self._lock:
            in_flight = self._in_flight.get(key)
            if in_flight is None:
                self._in_flight[key] = threading.Event()
                return True
        in_flight.wait()
        return False

    def _release(self, key: str) -> None:
        with self._lock:
            self._in_flight.pop(key).set()

    def _fetch(self, call: _Call, call_log: CallLog) -> Reply:
        if found := call_log.row(call.key):  # stored between the look-up and the claim
            return self._count(call, *found)
        if self.replay_only:
            raise UsageError(
                f"replay only: the call log {call_log.path} has no reply for this call of the {call.role} engine "
                f"{call.engine.model_string} at {_scope_text()}: {str(call.messages[-1]['content'])[:80]!r}"
            )
        prompt_tokens = sum(max_tokens(str(message["content"])) for message in call.messages)
        with self.budget.reserved(call.role, prompt_tokens, call.sampling.max_tokens):
            reply, seconds = self._send(call)
            if reply.flaw is not Flaw.FAILED:  # a failed request costs nothing, and a resumed run sends it again
                call_log.put(call.key, call.request, reply, seconds)
                self._charge(call, reply)
        return self._count(call, reply, seconds)

    def _send(self, call: _Call) -> tuple[Reply, float]:
        engine, started = call.engine, time.monotonic()
        try:
            reply = self.limiter.call(lambda: engine.complete(call.messages, call.sampling), engine.endpoint)
            reply = dataclasses.replace(reply, text=normalize(reply.text))  # stored so; earlier logs stay as they are
        except StopRun as reason:
            if not self.raise_on_failure:
                self.limiter.stop(reason)
            raise
        except (CallFailed, ContextExceeded) as error:
            if self.raise_on_failure:
                raise
            failed = isinstance(error, CallFailed)
            reply = Reply("", finish_reason="failed" if failed else "context")
            self._warn_once("failed" if failed else "context", f"warning: {error}", engine.endpoint)
        for remark in reply.remarks:
            self._warn_once(remark, remark, engine.endpoint)
        self._truncation.observe(engine.endpoint, call.messages, reply.prompt_tokens)
        return reply, time.monotonic() - started

    def _warn_once(self, kind: str, line: str, endpoint: str) -> None:
        """Warn the user once per kind of remark and endpoint; of too many kinds, only about the first ones."""
        with self._lock:
            kinds = self._warned.setdefault(endpoint, set())
            new = kind not in kinds and len(kinds) < _MAX_REMARKS
            kinds.update([kind] if new else [])
        if new:
            self.warn(line)

    def _charge(self, call: _Call, reply: Reply) -> None:
        with self._lock:
            new = call.key not in self._paid
            self._paid.add(call.key)
        if new:
            self.budget.charge(call.role, reply)

    def _count(self, call: _Call, reply: Reply, seconds: float) -> Reply:
        with self._lock:
            usage = self.usage.setdefault(call.role, Usage())
            usage.requests += 1
            if (call.role, call.key) not in self._counted:
                self._counted.add((call.role, call.key))
                usage.calls += 1
                usage.prompt_tokens += reply.prompt_tokens or 0
                usage.completion_tokens += reply.completion_tokens or 0
                usage.seconds += seconds
                if reply.flaw:
                    usage.flaws[reply.flaw] += 1
        self.on_reply(call.role, call.key, reply)
        return reply


class Route(EngineLM):
    """An engine in one role of a run: every call passes the gateway."""

    def __init__(self, gateway: Gateway, engine: EngineLM, role: str, sampling: Sampling):
        self.gateway, self.engine, self.role, self.sampling = gateway, engine, role, sampling
        self.model_string, self.endpoint = engine.model_string, engine.endpoint
        self.system_prompt, self.is_multimodal = engine.system_prompt, engine.is_multimodal
        self.enforces_form = engine.enforces_form

    def generate(self, prompt, system_prompt: str | None = None, **kwargs) -> Text:
        """Return the text of the reply, with its flaw.

        Args:
            prompt: str, or list of str and bytes.
            system_prompt: replaces the engine's own; "" for none.
            **kwargs: fields of `Sampling` to change in this call.
        """
        sampling = dataclasses.replace(self.sampling, **kwargs) if kwargs else self.sampling
        messages = messages_of(prompt, self.system_prompt if system_prompt is None else system_prompt)
        reply = self.gateway.ask(self.engine, self.role, messages, sampling)
        return Text(reply.text, reply.flaw)


def _metadata_request(key: dict) -> str:
    """Return what the call log stores in place of a request."""
    return canonical({"note": key})


def _scope_text() -> str:
    return " ".join(f"{label} {value}" for label, value in current_scope()) or "the start"
