"""The embedded model: throughput of a run, use of the prefix cache, and a sweep of its settings."""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from measured import ROOT, Setup, at_once
from row import Row

_SHORT = ("--max_tokens", "32", "--surprisal_model", "off")


@dataclass(frozen=True)
class Load:
    """A server's work under a plain load.

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
    Setup(clients=3, rounds=1, steps=1, scored=8, engine="local-smollm2", more=_SHORT).run(folder, name="model")
    settings = _settings()
    requests, tokens, seconds = _of_run(folder / "logs" / "model" / "calls.sqlite")
    load = _load(requests, replace(settings, context=settings.context + 1), settings.slots)
    ours, plain = tokens / seconds, load.reply_tokens / load.seconds
    text = f"{len(requests)} calls, {ours:.0f} and {plain:.0f} tokens/s"
    yield Row("tokens per second of a run / of a plain load", text, ours / plain, 0.85, least=True)
    yield Row(
        "share of request tokens from the prefix cache",
        f"of {load.request_tokens}, {settings.slots} slots",
        load.cached_tokens / load.request_tokens,
    )


def sweep(folder: Path) -> Iterator[Row]:
    """Measure the plain load of a run's requests with various server settings."""
    Setup(clients=2, rounds=1, steps=1, scored=4, engine="local-smollm2", more=_SHORT).run(folder, name="sweep")
    requests, _, _ = _of_run(folder / "logs" / "sweep" / "calls.sqlite")
    requests, first = requests[:16], _settings()
    tried = [
        replace(first, slots=slots, threads=threads)
        for slots in (1, 2, 4, 8, 16)
        for threads in sorted({1, first.threads})
    ]
    tried += [replace(first, context=context) for context in (2048, 8192)]
    for settings in tried:
        load = _load(requests, settings, settings.slots)
        text = f"{settings.slots} slots, {settings.threads} threads, context {settings.context}"
        yield Row("reply tokens per second", f"{text}, {len(requests)} requests", load.reply_tokens / load.seconds)


def _settings():
    sys.path.insert(0, str(ROOT))
    from textgrad.engine.local import Settings

    return Settings.from_environment()


def _of_run(path: Path) -> tuple[list[dict], int, float]:
    """Return a run's requests in the order of their replies, the tokens of the replies, and the total seconds."""
    rows = (
        sqlite3.connect(path)
        .execute(
            "SELECT request, completion_tokens, seconds, ended FROM calls "
            "WHERE json_extract(request, '$.model') NOT NULL ORDER BY ended"
        )
        .fetchall()
    )
    first = min(ended - seconds for _, _, seconds, ended in rows)
    return [json.loads(row[0]) for row in rows], sum(row[1] for row in rows), rows[-1][3] - first


def _load(requests: list[dict], settings, width: int) -> Load:
    """Send the requests to a server with these settings, `width` at a time."""
    import openai

    from textgrad.engine.base import Sampling
    from textgrad.engine.local import LocalEngine, serve, smollm2_path

    server = serve(smollm2_path(), settings)
    client, engine = openai.OpenAI(api_key="none", base_url=server.url), LocalEngine()
    names, usages = ("temperature", "top_p", "max_tokens", "seed", "within"), []

    def ask(request: dict) -> None:
        body = engine._request(request["messages"], Sampling(**{name: request[name] for name in names}))
        usages.append(client.post("/chat/completions", body=body, cast_to=object)["usage"])

    started = time.monotonic()
    at_once(ask, requests, width)
    seconds = time.monotonic() - started
    server.process.kill()
    server.process.wait()
    return Load(
        seconds,
        sum(usage["prompt_tokens"] for usage in usages),
        sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages),
        sum(usage["completion_tokens"] for usage in usages),
    )
