"""Requests to servers that score texts."""

from textgrad.errors import BrokenSystem

TIMEOUT = 600.0  # seconds


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
