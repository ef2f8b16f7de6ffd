"""Optimizers: they rewrite variables from criticism."""

from textgrad.optimizer.optimizer import (
    MissingTags,
    Optimizer,
    TextualGradientDescent,
    TextualGradientDescentwithMomentum,
)

TGD = TextualGradientDescent

__all__ = ["MissingTags", "Optimizer", "TGD", "TextualGradientDescent", "TextualGradientDescentwithMomentum"]
