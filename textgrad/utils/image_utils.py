"""Reading an image from a file or from the web."""

from pathlib import Path
from urllib.parse import urlparse

from textgrad.errors import BrokenSystem, UsageError


def is_valid_url(url: str) -> bool:
    """True for an address with a scheme and a host."""
    parts = urlparse(str(url))
    return bool(parts.scheme and parts.netloc)


def read_image(path: str) -> bytes:
    """The bytes of an image file.

    Args:
        path: a file, or an http(s) address.

    Raises:
        UsageError: the file cannot be read.
        BrokenSystem: the address cannot be fetched.
    """
    if is_valid_url(path):
        return _fetch(str(path))
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the image {path}: {error.strerror}; give a file or an http(s) address"
        ) from error


def _fetch(url: str) -> bytes:
    import httpx  # takes a moment to import, and most runs see no image

    try:
        reply = httpx.get(url, follow_redirects=True, timeout=30)
        reply.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BrokenSystem(f"cannot fetch the image {url}: {' '.join(str(error).split())}") from error
    return reply.content
