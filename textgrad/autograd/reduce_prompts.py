"""The request that merges several gradients into one."""

from collections.abc import Sequence

from textgrad.prompts import REDUCE_MEAN_SYSTEM_PROMPT, reduce_request
from textgrad.variable import Variable

__all__ = ["REDUCE_MEAN_SYSTEM_PROMPT", "construct_reduce_prompt"]


def construct_reduce_prompt(gradients: Sequence[Variable]) -> str:
    """Return the request to merge gradients, at least one, of the same variable."""
    return reduce_request(gradients[0].role_description, [str(gradient.value) for gradient in gradients])
