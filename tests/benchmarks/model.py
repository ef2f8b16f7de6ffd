"""The embedded model: throughput of a run, use of the prefix cache, and a sweep of its settings."""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from measured import ROOT, Setup, map_in_threads
from row import Row

_OPTIONS = ("--max_tokens", "32", "--surprisal_model", "off")
_SAMPLING = ("temperature", "top_p", "max_tokens", "seed", "within")


@dataclass(frozen=True)
class LoadResult:
    """Work and time of a server under a plain load.

    Attributes:
        seconds: from the first request to the last reply.
        request_tokens, reply_tokens: sums over requests.
        cached_tokens: request tokens found in the prefix cache.
    """

    seconds: float
    request_tokens: int
    cached_tokens: int
    reply_tokens: int


def throughput(folder: Path) -> Iterator[Row]:
    """Measure reply tokens per second of a run, relative to a plain load of the same requests on a new server."""
    setup = Setup(clients=3, rounds=1, steps=1, held_out=8, engine="local-smollm2", options=_OPTIONS)
    setup.run(folder, name="model")
    requests, tokens, seconds = _logged_requests(folder / "logs" / "model" / "calls.sqlite")
    settings = _default_settings()
    # Other settings start another server, whose prefix cache is empty.
    load = _send_all(requests, replace(settings, context=settings.context + 1))
    ours, plain = tokens / seconds, load.reply_tokens / load.seconds
    setting = f"{len(requests)} calls, {ours:.0f} and {plain:.0f} tokens/s"
    yield Row("tokens per second of a run / of a plain load", setting, ours / plain, 0.85, higher_is_better=True)
    setting = f"of {load.request_tokens}, {settings.slots} slots"
    yield Row("share of request tokens from the prefix cache", setting, load.cached_tokens / load.request_tokens)


def sweep(folder: Path) -> Iterator[Row]:
    """Measure the plain load of a run's requests with various server settings."""
    setup = Setup(clients=2, rounds=1, steps=1, held_out=4, engine="local-smollm2", options=_OPTIONS)
    setup.run(folder, name="sweep")
    requests = _logged_requests(folder / "logs" / "sweep" / "calls.sqlite")[0][:16]
    default = _default_settings()
    variants = [
        replace(default, slots=slots, threads=threads)
        for slots in (1, 2, 4, 8, 16)
        for threads in sorted({1, default.threads})
    ]
    variants += [replace(default, context=context) for context in (2048, 8192)]
    for settings in variants:
        load = _send_all(requests, settings)
        setting = f"{settings.slots} slots, {settings.threads} threads, context {settings.context}"
        value = load.reply_tokens / load.seconds
        yield Row("reply tokens per second", f"{setting}, {len(requests)} requests", value)


def _default_settings():
    sys.path.insert(0, str(ROOT))
    from textgrad.engine.local import Settings

    return Settings.from_environment()


def _logged_requests(path: Path) -> tuple[list[dict], int, float]:
    """Return a run's requests in the order of their replies, the tokens of the replies, and the total seconds."""
    query = (
        "SELECT request, completion_tokens, seconds, ended FROM calls "
        "WHERE json_extract(request, '$.model') NOT NULL ORDER BY ended"
    )
    rows = sqlite3.connect(path).execute(query).fetchall()
    started = min(ended - seconds for _, _, seconds, ended in rows)
    return [json.loads(row[0]) for row in rows], sum(row[1] for row in rows), rows[-1][3] - started


def _send_all(requests: list[dict], settings) -> LoadResult:
    """Send the requests to a server with these settings, one per slot at a time."""
    import openai

    from textgrad.engine.base import Sampling
    from textgrad.engine.local import LocalEngine, serve, smollm2_path

    server = serve(smollm2_path(), settings)
    client, engine = openai.OpenAI(api_key="none", base_url=server.url), LocalEngine()
    usages = []

    def send(request: dict) -> None:
        body = engine._request(request["messages"], Sampling(**{name: request[name] for name in _SAMPLING}))
        usages.append(client.post("/chat/completions", body=body, cast_to=object)["usage"])

    started = time.monotonic()
    map_in_threads(send, requests, settings.slots)
    seconds = time.monotonic() - started
    server.process.kill()
    server.process.wait()
    return LoadResult(
        seconds,
        sum(usage["prompt_tokens"] for usage in usages),
        sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages),
        sum(usage["completion_tokens"] for usage in usages),
    )
