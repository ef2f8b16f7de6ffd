"""Textual gradients: programs of language models that are improved by criticism. The public interface is TextGrad's."""

import importlib
import logging

from .autograd import aggregate, sum
from .config import SingletonBackwardEngine, set_backward_engine
from .engine import EngineLM, get_engine
from .loss import TextLoss
from .model import BlackboxLLM
from .optimizer import TGD, TextualGradientDescent, TextualGradientDescentwithMomentum
from .variable import Variable

__version__ = "0.1.8"  # of the interface that is followed

logger = logging.getLogger(__name__)
singleton_backward_engine = SingletonBackwardEngine()

__all__ = ["BlackboxLLM", "EngineLM", "SingletonBackwardEngine", "TGD", "TextLoss", "TextualGradientDescent",
           "TextualGradientDescentwithMomentum", "Variable", "aggregate", "get_engine", "logger",
           "set_backward_engine", "singleton_backward_engine", "sum"]


def __getattr__(name: str):
    if name == "tasks":  # at the first use: most scripts bring their own data
        return importlib.import_module(".tasks", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
