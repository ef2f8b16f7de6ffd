"""Requests to servers that score texts."""

import contextlib
from collections.abc import Iterator
from typing import Any

from textgrad.certificates import ssl_context
from textgrad.engine.protocol.address import split_base_url
from textgrad.errors import BrokenSystem, UsageError
from textgrad.numbers import Bounds, read_number
from textgrad.text import load_json
from utils.metrics.surprisal.windows import NATS_TO_BITS

TIMEOUT = 600.0  # seconds
_CONTEXT = Bounds(int, 3, 10**9)  # tokens; a window needs two, and llama.cpp one more
_LOGPROB = Bounds(float, -(10**6), 1e-3)  # rounding may lead to values just above 0


def server_root(base_url: str) -> str:
    """Return a server's address without query and a final /v1.

    Raises:
        UsageError: not a valid http or https URL.
    """
    return split_base_url(base_url)[0].removesuffix("/v1")


def ask_json(method: str, url: str, body: dict | None, timeout: float, headers: dict | None = None) -> dict:
    """Return a server's JSON reply.

    Raises:
        BrokenSystem: no reply, a status other than 200, or no JSON.
    """
    import httpx

    try:
        trusted = ssl_context() if url.startswith("https:") else False
        reply = httpx.request(method, url, json=body, timeout=timeout, headers=headers, verify=trusted)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BrokenSystem(f"no surprisal from {url}: {type(error).__name__} {error}") from error
    if reply.status_code != 200:
        raise BrokenSystem(f"no surprisal from {url}: status {reply.status_code}, {reply.text[:200]!r}")
    try:
        return load_json(reply.text)
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
