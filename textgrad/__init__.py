"""Textual gradients: optimize LLM programs with feedback written by an LLM. The public API is TextGrad's.

Names are imported at first use, so that importing one module does not load all others.
"""

import importlib
import importlib.util

__version__ = "0.1.8"  # version of the TextGrad API that this package follows

_HOMES = {
    "BlackboxLLM": "model",
    "EngineLM": "engine",
    "SingletonBackwardEngine": "config",
    "TGD": "optimizer",
    "TextLoss": "loss",
    "TextualGradientDescent": "optimizer",
    "TextualGradientDescentwithMomentum": "optimizer",
    "Variable": "variable",
    "aggregate": "autograd",
    "get_engine": "engine",
    "set_backward_engine": "config",
    "sum": "autograd",
}

__all__ = [*_HOMES, "logger", "singleton_backward_engine"]


def __getattr__(name: str):
    if name in _HOMES:
        value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    elif name == "singleton_backward_engine":
        from textgrad.config import SingletonBackwardEngine

        value = SingletonBackwardEngine()
    elif name == "logger":
        import logging

        value = logging.getLogger(__name__)
    elif not name.startswith("_") and importlib.util.find_spec(f".{name}", __name__):
        return importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
