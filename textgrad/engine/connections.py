"""How requests reach an endpoint: kept-alive connections, one a caller, and no answer that drips for ever.

The client library's own pool looks through all its connections at every request, under one lock: at 512 callers that
costs more than all the rest of a request. Here a caller takes the connection that was given back last, or opens one.
As many are open as calls were ever in flight at once, which the limiter bounds.
"""

import importlib
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any


def http_library(openai) -> Any:
    """The package that this version of `openai` speaks HTTP with: httpx, or httpx2 from openai 3 on."""
    return importlib.import_module(openai.DefaultHttpxClient.__base__.__module__.partition(".")[0])


def http_client(openai, timeout, is_local: bool) -> Any:
    """An HTTP client for the `openai` package.

    Args:
        openai: the package.
        timeout: its `Timeout`; the whole body must arrive within `timeout.read` seconds of its head.
        is_local: True for an endpoint on this machine: a proxy from the environment has no business in between.
    """
    httpx = http_library(openai)
    options = {"timeout": timeout, "trust_env": not is_local,
               "event_hooks": {"response": [_timely(httpx, timeout.read)]}}
    if not is_local and urllib.request.getproxies():  # the library knows how to go through them
        return openai.DefaultHttpxClient(limits=httpx.Limits(max_connections=None), **options)
    trust = httpx.create_ssl_context()  # read once: it takes longer than a call
    connect = partial(httpx.HTTPTransport, verify=trust, limits=httpx.Limits(keepalive_expiry=60.0))
    return openai.DefaultHttpxClient(transport=_connections(httpx, connect), **options)


def _connections(httpx, connect: Callable[[], Any]):
    """A transport over connections that are in nobody's hands, and new ones from `connect`."""
    class Lent(httpx.SyncByteStream):
        def __init__(self, stream, give_back: Callable[[], None]):
            self._stream, self._give_back = stream, give_back

        def __iter__(self):
            return iter(self._stream)

        def close(self):
            self._stream.close()
            self._give_back()

    class Connections(httpx.BaseTransport):
        def __init__(self):
            self._idle: deque = deque()  # its own operations are safe for threads

        def handle_request(self, request):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = connect()
            try:
                response = connection.handle_request(request)
            except BaseException:  # whatever it was, also ctrl-C: half a request must not be lent to anybody
                connection.close()
                raise
            response.stream = Lent(response.stream, partial(self._idle.append, connection))
            return response

        def close(self):
            while self._idle:
                self._idle.pop().close()

    return Connections()


def _timely(httpx, seconds: float) -> Callable[[Any], None]:
    """A hook for responses: the client's own timeout begins anew with every byte, so that a server that drips would hold
    a call for ever."""
    class Timely(httpx.SyncByteStream):
        def __init__(self, response):
            self._response, self._stream, self._end = response, response.stream, time.monotonic() + seconds

        def __iter__(self):
            for chunk in self._stream:
                yield chunk
                if time.monotonic() > self._end:
                    raise httpx.ReadTimeout("the answer came too slowly", request=self._response.request)

        def close(self):
            self._stream.close()

    def hook(response):
        response.stream = Timely(response)
    return hook
