"""HTTP transports: `UrllibTransport` for our own engines, `ClientTransport` for a caller's `openai` client.

urllib3 takes a fifth of the processor time of the `openai` client per request, and keeps 512 requests in flight, which
the client's connection pool does not. Importing the client takes half a second.
"""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from textgrad.certificates import ssl_context
from textgrad.engine.protocol.address import basic_auth, check_url, is_local
from textgrad.engine.protocol.errors import NoResponse
from textgrad.errors import UsageError

_CONNECT_TIMEOUT = 15.0  # seconds
_POOL_SIZE = 10_000  # idle connections kept per endpoint
_CHUNK = 1 << 16  # bytes
_RETRIES = urllib3.Retry(connect=0, read=0, status=0, other=0, redirect=5)  # the limiter retries
_USER_AGENT = "FedTextGrad"
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class HttpResponse:
    """A response.

    Attributes:
        status: HTTP status.
        headers: names in any case.
        body: decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, with invalid UTF-8 replaced."""
        return self.body.decode("utf-8", "replace")


class UrllibTransport:
    """Sends chat requests over pooled connections.

    Args:
        url: of the chat endpoint, without credentials.
        headers: of every request.
        timeout: seconds to wait for the head of a response, and again for its whole body; > 0.

    Raises:
        UsageError: the proxy in the environment is invalid.
    """

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float):
        self._url = url
        self._headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **headers}
        self._timeout = urllib3.Timeout(connect=min(_CONNECT_TIMEOUT, timeout), read=timeout)
        self._read_timeout = timeout
        self._pool = connection_pool(url)
        self._connections = self._pool.connection_from_url(url)
        through_proxy = self._pool.proxy is not None and url.startswith("http:")
        self._target = url if through_proxy else urllib3.util.parse_url(url).request_uri

    def post(self, request: Mapping[str, Any]) -> HttpResponse:
        """Send a request, and return the response of any status.

        Raises:
            NoResponse: there is no complete response.
        """
        try:
            response = self._open(_JSON.encode(request).encode())
            try:
                return HttpResponse(response.status, response.headers, self._read_body(response))
            except BaseException:  # also ctrl-C: the next request must not read the rest of this response
                response.close()
                raise
        except (HTTPError, OSError) as error:
            raise NoResponse from error

    def _open(self, body: bytes) -> urllib3.BaseHTTPResponse:
        """Send a request over a connection to the endpoint; only a redirect needs the whole pool, which is slower."""
        options: dict[str, Any] = {
            "body": body,
            "headers": self._headers,
            "timeout": self._timeout,
            "preload_content": False,
        }
        response = self._connections.urlopen(
            "POST", self._target, retries=_RETRIES, redirect=False, assert_same_host=False, **options
        )
        if response.get_redirect_location():
            response.close()
            response = self._pool.request("POST", self._url, **options)
        return response

    def _read_body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        if response.status < 200:  # the final response would follow on the same connection
            raise HTTPError(f"unexpected HTTP status {response.status}")
        deadline = time.monotonic() + self._read_timeout
        chunks = []
        while chunk := response.read1(_CHUNK):
            chunks.append(chunk)
            if time.monotonic() > deadline:  # a socket's timeout restarts with every byte
                raise TimeoutError("the response took too long")
        return b"".join(chunks)


class ClientTransport:
    """Sends chat requests through the caller's client.

    Args:
        client: an `openai.OpenAI`, an `openai.AzureOpenAI`, or an object with the same methods.
    """

    def __init__(self, client: Any):
        self._client = client

    def post(self, request: Mapping[str, Any]) -> HttpResponse:
        """Send a request, and return the response of any status.

        Raises:
            NoResponse: there is no complete response.
        """
        import openai

        try:
            raw = self._client.chat.completions.with_raw_response.create(**request)
        except openai.APIStatusError as error:
            return HttpResponse(error.response.status_code, error.response.headers, error.response.content)
        except openai.APIConnectionError as error:
            raise NoResponse from error
        return HttpResponse(raw.status_code, raw.headers, raw.content)


def connection_pool(url: str) -> urllib3.PoolManager:
    """Return a pool that uses the proxy and the certificates set in the environment.

    Raises:
        UsageError: the proxy is invalid.
    """
    options: dict[str, Any] = {"maxsize": _POOL_SIZE, "retries": _RETRIES}
    if url.startswith("https:"):
        options["ssl_context"] = ssl_context()
    proxy = proxy_of(url)
    if proxy is None:
        return urllib3.PoolManager(**options)
    try:
        check_url(proxy, _PROXY_SCHEMES)
        if proxy.startswith("socks"):
            from urllib3.contrib.socks import SOCKSProxyManager

            return SOCKSProxyManager(proxy, **options)
        if auth := basic_auth(proxy):
            options["proxy_headers"] = {"Proxy-Authorization": auth}
        return urllib3.ProxyManager(urllib3.util.parse_url(proxy)._replace(auth=None).url, **options)
    except (ValueError, HTTPError, ImportError):
        scheme = urllib.parse.urlsplit(url).scheme.upper()
        raise UsageError(
            f"invalid proxy in {scheme}_PROXY or ALL_PROXY: expected something like http://proxy:3128 or "
            f"socks5h://proxy:1080; to use none, add {urllib.parse.urlsplit(url).hostname} to NO_PROXY"
        ) from None  # the cause may contain the password


def proxy_of(url: str) -> str | None:
    """Return the URL of the proxy that the environment sets for a URL, or None; always None for this machine."""
    parts = urllib.parse.urlsplit(url)
    if is_local(url) or urllib.request.proxy_bypass(parts.netloc):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
