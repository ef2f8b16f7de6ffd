"""Read an image from a file or a URL."""

from pathlib import Path
from urllib.parse import urlparse

from textgrad.errors import BrokenSystem, UsageError


def is_valid_url(url: str) -> bool:
    """Return True for a URL with scheme and host."""
    parts = urlparse(str(url))
    return bool(parts.scheme and parts.netloc)


def read_image(path: str) -> bytes:
    """Return the bytes of an image file.

    Args:
        path: a file or an http(s) URL.

    Raises:
        UsageError: the file cannot be read.
        BrokenSystem: the URL cannot be fetched.
    """
    if is_valid_url(path):
        return _fetch(str(path))
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the image {path}: {error.strerror}; pass a file or an http(s) URL") from error


def _fetch(url: str) -> bytes:
    import httpx  # imported here because it is slow and rarely needed

    try:
        reply = httpx.get(url, follow_redirects=True, timeout=30)
        reply.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BrokenSystem(f"cannot fetch the image {url}: {' '.join(str(error).split())}") from error
    return reply.content
