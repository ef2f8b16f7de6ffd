"""The folder for downloads and caches of the user."""

import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """Return textgrad/ in XDG_CACHE_HOME, in ~/.cache, or without a home in the system's folder for temporary files."""
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder) / "textgrad"
    try:
        return Path.home() / ".cache" / "textgrad"
    except RuntimeError:  # HOME is not set, and the system does not know the user
        return Path(tempfile.gettempdir()) / "textgrad"
