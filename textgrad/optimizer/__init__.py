"""Optimizers: they rewrite variables from criticism."""

from .optimizer import (MissingTags, Optimizer, TextualGradientDescent, TextualGradientDescentwithMomentum)

TGD = TextualGradientDescent

__all__ = ["MissingTags", "Optimizer", "TGD", "TextualGradientDescent", "TextualGradientDescentwithMomentum"]
