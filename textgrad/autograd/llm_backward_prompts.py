"""TextGrad's import path of the critic's system prompt."""

from textgrad.prompts import BACKWARD_SYSTEM_PROMPT

__all__ = ["BACKWARD_SYSTEM_PROMPT"]
