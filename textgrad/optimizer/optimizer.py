"""TextGrad's import path of the optimizers, which are in files of their own."""

from textgrad.optimizer._base import Optimizer, get_gradient_and_context_text
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.optimizer.tgd_momentum import TextualGradientDescentwithMomentum

__all__ = [
    "Optimizer",
    "TextualGradientDescent",
    "TextualGradientDescentwithMomentum",
    "get_gradient_and_context_text",
]
