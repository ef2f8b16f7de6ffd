"""Requests to servers that score texts."""

import contextlib
from collections.abc import Iterator
from typing import Any

from textgrad.errors import BrokenSystem, UsageError
from textgrad.numbers import Bounds, read_number
from utils.metrics.surprisal.windows import NATS_TO_BITS

TIMEOUT = 600.0  # seconds
_CONTEXT = Bounds(int, 3, 10**9)  # tokens; a window needs two, and llama.cpp one more
_LOGPROB = Bounds(float, -(10**6), 1e-3)  # rounding may lead to values just above 0


def server_root(base_url: str) -> str:
    """Return a server's address without a final /v1."""
    return base_url.rstrip("/").removesuffix("/v1")


def ask_json(method: str, url: str, body: dict | None, timeout: float, headers: dict | None = None) -> dict:
    """Return a server's JSON reply.

    Raises:
        BrokenSystem: no reply, a status other than 200, or no JSON.
    """
    import httpx

    try:
        reply = httpx.request(method, url, json=body, timeout=timeout, headers=headers)
    except httpx.HTTPError as error:
        raise BrokenSystem(f"no surprisal from {url}: {type(error).__name__} {error}") from error
    if reply.status_code != 200:
        raise BrokenSystem(f"no surprisal from {url}: status {reply.status_code}, {reply.text[:200]!r}")
    try:
        return reply.json()
    except ValueError as error:
        raise BrokenSystem(f"no surprisal from {url}: the reply is not JSON") from error


@contextlib.contextmanager
def reading_reply(base_url: str) -> Iterator[None]:
    """Turn the errors of reading a JSON reply of an unexpected form, or with impossible numbers, into one line.

    Raises:
        BrokenSystem: in place of the error.
    """
    try:
        yield
    except (LookupError, TypeError, AttributeError, UsageError) as error:
        raise BrokenSystem(f"no surprisal from {base_url}: unexpected reply: {error!r:.200}") from error


def context_of(reported: Any) -> int:
    """Return the context length that a server reports, in tokens, >= 3."""
    return read_number("the context length", reported, _CONTEXT)


def bits_of(reported: Any) -> float:
    """Return the bits of a token from the log probability that a server reports."""
    return -read_number("a log probability", reported, _LOGPROB) * NATS_TO_BITS
