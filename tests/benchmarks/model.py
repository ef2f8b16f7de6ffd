"""The embedded model: what of its speed reaches a run, what its prefix cache saves, and a sweep of its settings."""

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
    """What a server did under a plain load.

    Attributes:
        seconds: from the first request to the last reply.
        request_tokens, cached_tokens, reply_tokens: of all requests; cached ones are among the requests'.
    """

    seconds: float
    request_tokens: int
    cached_tokens: int
    reply_tokens: int


def throughput(folder: Path) -> Iterator[Row]:
    """Reply tokens a second of a run, from its first request to its last reply, over those of a plain load of the same
    requests, as many at once as the server has slots, on a server of its own that has seen none of them."""
    Setup(clients=3, rounds=1, steps=1, scored=8, engine="local-smollm2", more=_SHORT).run(folder, name="model")
    settings = _settings()
    requests, tokens, seconds = _of_run(folder / "logs" / "model" / "calls.sqlite")
    load = _load(requests, replace(settings, context=settings.context + 1), settings.slots)
    ours, plain = tokens / seconds, load.reply_tokens / load.seconds
    told = f"{len(requests)} calls, {ours:.0f} and {plain:.0f} tokens/s"
    yield Row("tokens a second of a run / of a plain load", told, ours / plain, 0.85, least=True)
    yield Row(
        "request tokens that came from the prefix cache",
        f"of {load.request_tokens}, {settings.slots} slots",
        load.cached_tokens / load.request_tokens,
    )


def sweep(folder: Path) -> Iterator[Row]:
    """The plain load of a run's requests at various settings of the server."""
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
        told = f"{settings.slots} slots, {settings.threads} threads, context {settings.context}"
        yield Row("reply tokens a second", f"{told}, {len(requests)} requests", load.reply_tokens / load.seconds)


def _settings():
    sys.path.insert(0, str(ROOT))
    from textgrad.engine.local import Settings

    return Settings.from_environment()


def _of_run(path: Path) -> tuple[list[dict], int, float]:
    """A run's requests in the order of their replies, the tokens of the replies, and the seconds that all took."""
    rows = (
        sqlite3.connect(path)
        .execute(
            "SELECT request, completion_tokens, seconds, ended FROM calls "
            "WHERE json_extract(request, '$.model') NOT NULL ORDER BY ended"
        )
        .fetchall()
    )
    begun = min(ended - seconds for _, _, seconds, ended in rows)
    return [json.loads(row[0]) for row in rows], sum(row[1] for row in rows), rows[-1][3] - begun


def _load(requests: list[dict], settings, width: int) -> Load:
    """Sends the requests to a server of these settings, `width` at once."""
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
