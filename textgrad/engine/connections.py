"""How requests reach an endpoint: kept-alive connections of urllib3, and no answer that drips for ever.

The `openai` client addresses the first request: URL, key, headers. The next ones differ from it in their body alone and
go without that client, which takes five times the processor time of sending to make a request and to read its answer.
"""

import importlib
import json
import socket
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError

_MOST_KEPT = 4096  # connections that stay open
_PIECE = 1 << 16  # bytes
_OF_ONE_BODY = ("content-length", "transfer-encoding", "content-encoding")
_KEEP_ALIVE = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered.

    Attributes:
        status: HTTP status.
        headers: looked up in any case.
        body: decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")


def http_library(openai) -> Any:
    """The package that this version of `openai` speaks HTTP with: httpx, or httpx2 from openai 3 on."""
    return importlib.import_module(openai.DefaultHttpxClient.__base__.__module__.partition(".")[0])


class Line:
    """The connections to one endpoint.

    Args:
        openai: the package.
        url: the endpoint's.
        timeout: the package's `Timeout`; the whole body must arrive within `timeout.read` seconds of its head.
        is_local: True for an endpoint on this machine: a proxy from the environment has no business in between.

    Attributes:
        http_client: for a client of the package, which then sends over this line.

    Raises:
        UsageError: a proxy from the environment is none that can be used.
    """

    def __init__(self, openai, url: str, timeout, is_local: bool):
        import urllib3
        self._timeout = urllib3.Timeout(connect=timeout.connect, read=timeout.read)
        self._pools = _pools(urllib.parse.urlsplit(url), http_library(openai).create_ssl_context, is_local)
        self._first: tuple[Any, str, dict[str, str]] | None = None
        self.http_client = self._client(openai, timeout=timeout, trust_env=not is_local)

    def _client(self, openai, **options) -> Any:
        """An HTTP client for the `openai` package that sends over this line."""
        httpx, line = http_library(openai), self

        class Transport(httpx.BaseTransport):
            def handle_request(self, request):
                answer = line._carry(request)
                headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OF_ONE_BODY]
                return httpx.Response(answer.status, headers=headers, content=answer.body)

            def close(self):
                line._pools.clear()

        return openai.DefaultHttpxClient(transport=Transport(), **options)

    def send(self, request: Mapping[str, Any]) -> Answer | None:
        """Sends a request the way the client sent its first; None where it has to be the client that sends it.

        Args:
            request: JSON.

        Raises:
            urllib3.exceptions.HTTPError: no answer came.
        """
        if self._first is None:
            return None
        answer = self._ask("POST", *self._first, json.dumps(request, ensure_ascii=False).encode())
        return None if 300 <= answer.status < 400 else answer  # the client knows how to follow

    def _carry(self, request) -> Answer:
        """Sends what the client has made, and remembers how it is done."""
        url = request.url
        where = self._pools.connection_from_host(url.host, url.port, url.scheme), url.raw_path.decode("ascii")
        if request.method == "POST" and self._first is None:
            self._first = (*where, {name: value for name, value in request.headers.items()
                                    if name not in _OF_ONE_BODY and not name.startswith("x-stainless")})
        return self._ask(request.method, *where, dict(request.headers), request.read())

    def _ask(self, method: str, pool, path: str, headers: dict[str, str], body: bytes) -> Answer:
        response = pool.urlopen(method, path, body, headers, retries=False, redirect=False, preload_content=False,
                                timeout=self._timeout)
        try:
            end, pieces = time.monotonic() + self._timeout.read_timeout, []
            while piece := response.read1(_PIECE):
                pieces.append(piece)
                if time.monotonic() > end:  # the timeout of a socket begins anew with every byte
                    from urllib3.exceptions import ReadTimeoutError
                    raise ReadTimeoutError(pool, path, "the answer came too slowly")
            return Answer(response.status, response.headers, b"".join(pieces))
        finally:
            response.close()  # an open one has not been read to its end: nobody may use its connection again


def _pools(parts: urllib.parse.SplitResult, trust: Callable[[], Any], is_local: bool):
    """Where connections to an endpoint come from, through the environment's proxy where it names one."""
    import urllib3
    options = {"maxsize": _MOST_KEPT, "socket_options": _KEEP_ALIVE}
    if parts.scheme == "https":
        options["ssl_context"] = trust()  # it takes longer than a call to read, so nobody else does
    proxies = {} if is_local or urllib.request.proxy_bypass(parts.hostname) else urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return urllib3.PoolManager(**options)
    address = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UsageError(f"the environment's proxy for {parts.scheme} is a {address.scheme} one: it must be http:// or "
                         f"https://; mend {parts.scheme.upper()}_PROXY, or name {parts.hostname} in NO_PROXY")
    known = ":".join(map(urllib.parse.unquote, filter(None, (address.username, address.password))))
    return urllib3.ProxyManager(urllib.parse.urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2])),
                                proxy_headers=urllib3.make_headers(proxy_basic_auth=known or None), **options)
