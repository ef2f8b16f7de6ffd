"""Base URLs and API keys: validation, and what may be shown of them."""

import ipaddress
import os
import urllib.parse

from textgrad.errors import UsageError
from textgrad.text import normalize

NO_KEY = "none"  # the client library requires a key, even for servers that need none
_SHORTEST_USER = 4  # a shorter user name may occur in a message by chance


def is_local(url: str) -> bool:
    """Return True if a URL leads to this machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def without_credentials(url: str) -> str:
    """Return a base URL without user, password, query and final slash.

    Raises:
        UsageError: not a valid http or https URL.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(
            f"invalid base URL {url.rpartition('@')[2]!r}: expected something like http://localhost:8000/v1"
        )
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")).rstrip("/")


def credentials(url: str) -> tuple[str, ...]:
    """Return all spellings of the password and user name in a URL, except very short user names."""
    parts = urllib.parse.urlsplit(url)
    user = parts.username if len(parts.username or "") >= _SHORTEST_USER else None
    found = [part for part in (parts.password, user) if part]
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
