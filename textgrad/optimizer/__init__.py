"""Optimizers: they rewrite variables from criticism."""

from textgrad.optimizer.optimizer import Optimizer, TextualGradientDescent, TextualGradientDescentwithMomentum
from textgrad.prompts import MissingTags

TGD = TextualGradientDescent

__all__ = ["MissingTags", "Optimizer", "TGD", "TextualGradientDescent", "TextualGradientDescentwithMomentum"]
