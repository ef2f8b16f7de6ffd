"""Base URLs and API keys: validation, and what may be shown of them."""

import ipaddress
import os
import re
import urllib.parse
from collections.abc import Collection

from textgrad.errors import UsageError
from textgrad.text import normalize

NO_KEY = "none"  # the client library requires a key, even for servers that need none
_OPERATION = re.compile("(/chat)?/completions$|/(responses|embeddings)$")
_FORBIDDEN = re.compile(r"""[\x00-\x20\x7f-\xa0\s"'<>\\^`{|}]|[,;]\w+://""")
_NO_HOST = "its host is neither a name nor an address"
_SHORTEST_USER = 4  # a shorter user name may occur in a message by chance
_SHORTEST_VALUE = 16  # of the query; a key, not a version or a date


def is_local(url: str) -> bool:
    """Return True if a URL leads to this machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def split_base_url(url: str) -> tuple[str, str]:
    """Return a base URL without query and final slash, and its query, which every request repeats.

    The path of an operation, such as /chat/completions, is removed.

    Raises:
        UsageError: not a valid http or https URL.
    """
    try:
        parts = check_url(url, ("http", "https"))
    except ValueError as error:
        shown = re.split("[?#]", url.rpartition("@")[2])[0]
        raise UsageError(
            f"invalid base URL {shown!r}: {error}; expected something like http://localhost:8000/v1"
        ) from None  # the cause may contain the password
    path = _OPERATION.sub("", parts.path.rstrip("/")).rstrip("/")
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, "", "")), parts.query


def without_credentials(url: str) -> str:
    """Return a base URL without user, password, query and final slash.

    Raises:
        UsageError: not a valid http or https URL.
    """
    parts = urllib.parse.urlsplit(split_base_url(url)[0])
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def check_url(url: str, schemes: Collection[str]) -> urllib.parse.SplitResult:
    """Return the parts of a URL.

    Raises:
        ValueError: it cannot be used; the message says why, without showing the URL.
    """
    if _FORBIDDEN.search(url):
        raise ValueError("it contains spaces, quotes, braces, backslashes or a second URL")
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:  # of brackets; the wording depends on the version of Python
        raise ValueError(_NO_HOST) from None
    if parts.scheme not in schemes:
        raise ValueError(f"it does not start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if parts.fragment:
        raise ValueError("it contains a part after #; write # in a password as %23")
    host = parts.netloc.rpartition("@")[2]
    if host.count(":") > 1 and not host.startswith("["):
        raise ValueError("an IPv6 address needs square brackets")
    if not parts.hostname:
        raise ValueError("it has no host")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is not a number from 1 to 65535")
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(parts.hostname)
        parts.hostname.encode("idna")  # as a look-up does
    except ValueError:
        raise ValueError(_NO_HOST) from None
    return parts


def credentials(url: str) -> tuple[str, ...]:
    """Return all spellings of password, user name and values of the query in a URL, except short names and values."""
    parts = urllib.parse.urlsplit(url)
    user = parts.username if len(parts.username or "") >= _SHORTEST_USER else None
    values = [value for _, value in urllib.parse.parse_qsl(parts.query) if len(value) >= _SHORTEST_VALUE]
    found = [part for part in (parts.password, user, *values) if part]
    return tuple({*found, *map(urllib.parse.unquote, found)})


def basic_auth(url: str) -> str:
    """Return the Authorization header for user and password in a URL, "" without them."""
    import urllib3

    auth = urllib.parse.urlsplit(url).netloc.rpartition("@")[0]
    return urllib3.make_headers(basic_auth=urllib.parse.unquote(auth))["authorization"] if auth else ""


def find_key(given: str | None, variable: str, endpoint: str) -> str:
    """Return the API key of an endpoint, `NO_KEY` if it needs none.

    Args:
        given: the key; by default it is read from the environment.
        variable: environment variable of the key.
        endpoint: base URL. Servers on this machine and plain http do not require a key.

    Raises:
        UsageError: the key is missing or contains invalid characters.
    """
    key = normalize(given or os.environ.get(variable) or "").strip()
    if not key and (endpoint.startswith("http://") or is_local(endpoint)):
        return NO_KEY
    if not key:
        raise UsageError(f"no API key for {endpoint}: set the environment variable {variable}")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"the API key in {variable} contains invalid characters: set it again")
    return key
