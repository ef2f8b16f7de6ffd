"""Optimizers: rewrite variables from feedback. One file per optimizer, found by its name."""

from textgrad.discovery import load
from textgrad.optimizer._base import Example
from textgrad.optimizer.optimizer import Optimizer, TextualGradientDescent, TextualGradientDescentwithMomentum
from textgrad.tagged import MissingTags

TGD = TextualGradientDescent

__all__ = [
    "Example",
    "MissingTags",
    "Optimizer",
    "TGD",
    "TextualGradientDescent",
    "TextualGradientDescentwithMomentum",
    "optimizer_class",
]


def optimizer_class(name: str) -> type[TextualGradientDescent]:
    """Return the class of an optimizer.

    Args:
        name: the optimizer's file name, such as "tgd".

    Raises:
        UsageError: no optimizer has this name.
    """
    return load(__name__, name, "optimizer").OPTIMIZER
