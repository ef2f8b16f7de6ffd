"""How requests reach an endpoint: kept-alive connections, one a caller, and no answer that drips for ever.

The `openai` client addresses the first request: URL, key, headers. The next ones differ from it in their body alone and
go without that client, which takes five times the processor time of sending to make a request and to read its answer.
A caller takes the connection that was released last, or opens one: a pool searched by all callers under one lock
costs more than the rest of a request when there are hundreds of callers.
"""

import base64
import functools
import http.client
import importlib
import json
import select
import socket
import threading
import time
import urllib.parse
import urllib.request
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from textgrad.errors import UsageError

_PIECE = 1 << 16  # bytes
_PORTS = {"http": http.client.HTTP_PORT, "https": http.client.HTTPS_PORT}
_OF_ONE_BODY = ("content-length", "transfer-encoding", "content-encoding")
_ZIPPED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = 47  # for zlib: tell by the head which it is
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class NoConnection(TimeoutError):
    """No connection within the time for it."""


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


class Origin(NamedTuple):
    """Whom a connection leads to."""

    scheme: str
    host: str
    port: int


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
        self._timeout, parts = timeout, urllib.parse.urlsplit(url)
        self._trust = http_library(openai).create_ssl_context() if parts.scheme == "https" else None
        self._proxy = functools.cache(lambda origin: None if is_local else _proxy(origin))
        self._proxy(Origin(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]))  # told now if it is wrong
        self._idle: dict[Origin, deque] = defaultdict(deque)  # a deque's operations are safe for threads
        self._first: tuple[Origin, str, dict[str, str]] | None = None
        self._unaddressed = threading.Semaphore()  # the first request goes alone, until it is known how
        self.http_client = self._client(openai, timeout=timeout, trust_env=not is_local)

    def send(self, request: Mapping[str, Any], by_client: Callable[[Mapping[str, Any]], Answer]) -> Answer:
        """Sends a request the way the client sent its first.

        Args:
            request: JSON.
            by_client: sends one through the client: the first, and one that is redirected.

        Raises:
            OSError, http.client.HTTPException: no answer came, or not all of it.
            whatever `by_client` raises.
        """
        if self._first is None:
            with self._unaddressed:
                if self._first is None:
                    return by_client(request)
        answer = self._ask("POST", *self._first, _JSON.encode(request).encode())
        return by_client(request) if 300 <= answer.status < 400 else answer  # the client knows how to follow

    def _client(self, openai, **options) -> Any:
        """An HTTP client for the `openai` package that sends over this line."""
        httpx, line = http_library(openai), self

        class Transport(httpx.BaseTransport):
            def handle_request(self, request):
                answer = line._carry(request)
                headers = [
                    (name.encode("latin-1"), value.encode("latin-1", "replace"))
                    for name, value in answer.headers.items()
                    if name.lower() not in _OF_ONE_BODY
                ]
                return httpx.Response(answer.status, headers=headers, content=answer.body)

        return openai.DefaultHttpxClient(transport=Transport(), **options)

    def _carry(self, request) -> Answer:
        """Sends what the client has made, and remembers how it is done."""
        url, headers = request.url, {**request.headers, "accept-encoding": "identity"}
        origin, path = Origin(url.scheme, url.host, url.port or _PORTS[url.scheme]), url.raw_path.decode("ascii")
        if request.method == "POST" and self._first is None:
            self._first = (
                origin,
                path,
                {
                    name: value
                    for name, value in headers.items()
                    if name not in _OF_ONE_BODY and not name.startswith("x-stainless")
                },
            )
            self._unaddressed.release()  # before its answer: nobody waits for that
        return self._ask(request.method, origin, path, headers, request.read())

    def _ask(self, method: str, origin: Origin, path: str, headers: dict[str, str], body: bytes) -> Answer:
        connection, proxy = self._connection(origin), self._proxy(origin)
        if proxy and origin.scheme == "http":
            path, headers = f"http://{headers['host']}{path}", {**headers, **proxy.headers}
        try:
            answer = self._exchange(connection, method, path, body, headers)
        except BaseException:  # whatever it was, also ctrl-C: half an answer must not be left to the next caller
            connection.close()
            raise
        if connection.sock is not None:
            self._idle[origin].append(connection)
        return answer

    def _exchange(self, connection: http.client.HTTPConnection, *request) -> Answer:
        try:
            connection.request(*request)
        except (BrokenPipeError, ConnectionResetError) as lost:
            try:
                answer = self._read(connection)  # a refusal may have come before all was sent
            except (OSError, http.client.HTTPException):
                raise lost from None
            connection.close()
            return answer
        return self._read(connection)

    def _read(self, connection: http.client.HTTPConnection) -> Answer:
        response = connection.getresponse()
        if response.status < http.client.OK:
            raise http.client.HTTPException(f"status {response.status} is no answer")
        end, pieces = time.monotonic() + self._timeout.read, []
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            if time.monotonic() > end:  # the timeout of a socket begins anew with every byte
                raise TimeoutError("the answer came too slowly")
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        response.close()  # by `read1` alone Python before 3.13 does not see that the connection is free again
        return Answer(response.status, response.headers, _unzipped(b"".join(pieces), response.headers))

    def _connection(self, origin: Origin) -> http.client.HTTPConnection:
        """A connection that serves nobody."""
        idle = self._idle[origin]
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another caller was faster
                break
            if not _has_ended(connection.sock):
                return connection
            connection.close()
        return self._connect(origin)

    def _connect(self, origin: Origin) -> http.client.HTTPConnection:
        kind, proxy = _Connection, self._proxy(origin)
        options = {"timeout": self._timeout.connect}
        if origin.scheme == "https":
            kind, options["context"] = _SafeConnection, self._trust
        connection = kind(*(proxy.address if proxy else origin[1:]), **options)
        if proxy and origin.scheme == "https":
            connection.set_tunnel(*origin[1:], headers=proxy.headers)
        try:
            connection.connect()
        except TimeoutError as error:
            raise NoConnection(str(error)) from error
        connection.sock.settimeout(self._timeout.read)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


class _AtOnce:
    """A connection that sends head and body of a request together; the library sends one after the other."""

    _held: list[bytes] | None = None

    def request(self, *request) -> None:
        self._held = []
        try:
            super().request(*request)
        finally:
            held, self._held = self._held, None
        self.send(b"".join(held))

    def send(self, data: bytes) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _Response(http.client.HTTPResponse):
    """An answer to whose head others may come first, such as "102 Processing": the library knows of 100 alone."""

    def _read_status(self):
        while http.client.CONTINUE < (told := super()._read_status())[1] < http.client.OK and told[1] != 101:
            http.client.parse_headers(self.fp)
        return told


class _Connection(_AtOnce, http.client.HTTPConnection):
    response_class = _Response


class _SafeConnection(_AtOnce, http.client.HTTPSConnection):
    response_class = _Response


def _unzipped(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body, decompressed where somebody on the way has compressed it though nobody asked for that."""
    if (headers.get("content-encoding") or "").strip().lower() not in _ZIPPED:
        return body
    unzip = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = unzip.decompress(body)
    except zlib.error as error:
        raise http.client.HTTPException(f"the answer cannot be decompressed: {error}") from error
    if not unzip.eof:
        raise http.client.HTTPException("the answer cannot be decompressed: its end is missing")
    return plain


def _has_ended(sock: socket.socket) -> bool:
    """True when the other side has closed, or has something to say that nobody asked for."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


@dataclass(frozen=True)
class _Proxy:
    """A proxy: its host and port, and the headers that it wants."""

    address: tuple[str, int]
    headers: dict[str, str]


def _proxy(origin: Origin) -> _Proxy | None:
    """What the environment puts between this machine and another."""
    scheme, host = origin.scheme, f"[{origin.host}]" if ":" in origin.host else origin.host
    proxies = {} if urllib.request.proxy_bypass(f"{host}:{origin.port}") else urllib.request.getproxies()
    url = proxies.get(scheme) or proxies.get("all")
    if not url:
        return None
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        usable, port = parts.scheme == "http" and parts.hostname, parts.port or http.client.HTTP_PORT
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"the environment's proxy for {scheme} cannot be used: it must be like http://proxy:3128; mend "
            f"{scheme.upper()}_PROXY, or name {host} in NO_PROXY"
        )
    headers = {}
    if parts.username:
        known = ":".join(urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(known.encode()).decode('ascii')}"
    return _Proxy((parts.hostname, port), headers)
