"""Download one file with a progress bar, check it and write it atomically."""

import http.client
import os
import re
import ssl
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

from textgrad.bar_output import bar_output
from textgrad.cache import cache_folder as cache_folder
from textgrad.certificates import ssl_context
from textgrad.errors import BrokenSystem, UsageError

_TIMEOUT = 30.0  # seconds without data
_CHUNK = 1 << 16


def download(url: str, target: Path, check: Callable[[bytes], object]) -> None:
    """Download `url` to `target` in an atomic write, after `check` accepts the content.

    Args:
        url: https address (http and file also work).
        target: path of the file; its folder is created if necessary.
        check: raises ValueError with the reason for unusable content.

    Raises:
        BrokenSystem: the address is unreachable, the content is truncated or rejected, or the folder is not writable.
            No file is left behind.
    """
    try:
        content = _fetch(url, target.name)
        check(content)
        _write(target, content)
    except UsageError:
        raise
    except ValueError as error:
        raise BrokenSystem(f"the download of {url} cannot be used: {error}; no file was written") from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenSystem(f"cannot download {url} to {target}: {_reason(error)}") from error


def _fetch(url: str, label: str) -> bytes:
    from tqdm import tqdm

    with urllib.request.urlopen(url, timeout=_TIMEOUT, context=_context(url)) as response:
        size = (response.headers.get("Content-Length") or "").strip()
        if not re.fullmatch("[0-9]{0,15}", size):
            raise ValueError(f"the server announced {size[:40]!r} bytes")
        total = int(size) if size else None
        content = bytearray()
        with tqdm(total=total, unit="B", unit_scale=True, desc=f"downloading {label}", **bar_output()) as bar:
            while chunk := response.read(_CHUNK):
                content += chunk
                bar.update(len(chunk))
    if total is not None and len(content) != total:
        raise ValueError(f"only {len(content)} of {total} bytes arrived")
    return bytes(content)


def _context(url: str) -> ssl.SSLContext | None:
    return ssl_context() if url.startswith("https:") else None


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(partial, target)
    finally:
        Path(partial).unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", None) or error).split()) or type(error).__name__
