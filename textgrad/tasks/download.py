"""Fetching one file over the network: with progress, checked, and whole or not at all."""

import http.client
import os
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

from textgrad.errors import BrokenSystem

_TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 16


def download(url: str, target: Path, check: Callable[[bytes], object]) -> None:
    """Writes what is at `url` to `target`, in one step and only if `check` accepts it.

    Args:
        url: https address (http and file work too).
        target: its folder is made if needed.
        check: raises ValueError, with what is wrong, for content that cannot be used.

    Raises:
        BrokenSystem: the address cannot be reached, the content is cut short or refused, the folder is not writable.
            Nothing is left behind.
    """
    try:
        content = _fetch(url, target.name)
        check(content)
        _write(target, content)
    except ValueError as error:
        raise BrokenSystem(f"the download of {url} cannot be used: {error}; nothing was kept") from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenSystem(f"cannot download {url} to {target}: {_one_line(error)}") from error


def cache_folder() -> Path:
    """Where downloads are kept: textgrad/ in XDG_CACHE_HOME, or in ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "textgrad"


def _fetch(url: str, label: str) -> bytes:
    from tqdm import tqdm

    with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:
        size = response.headers.get("Content-Length")
        total = int(size) if size else None
        content = bytearray()
        with tqdm(total=total, unit="B", unit_scale=True, desc=f"downloading {label}") as bar:
            while chunk := response.read(_CHUNK):
                content += chunk
                bar.update(len(chunk))
    if total is not None and len(content) != total:
        raise ValueError(f"{len(content)} of {total} bytes arrived")
    return bytes(content)


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(partial, target)
    finally:
        Path(partial).unlink(missing_ok=True)


def _one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", None) or error).split()) or type(error).__name__
