"""reflect: one request per step sees the prompt and all wrong answers, and writes the whole new prompt.

The reflective mutation of GEPA (Agrawal et al., 2025, "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement
Learning"), without its pool of parents: a client always continues from its present prompt.
"""

from textgrad import prompts
from textgrad.optimizer._base import Example
from textgrad.optimizer._from_examples import FromExamples, shown


class Reflect(FromExamples):
    """Rewrites from the wrong answers themselves, with right answers and feedback of the scorer."""

    system_prompt = prompts.REFLECT_SYSTEM_PROMPT
    hint = prompts.REWRITE_HINT.format("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")
    within = ("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")

    def request(self, value: str, wrong: list[Example]) -> str:
        """Return the request; see `FromExamples.request`."""
        return prompts.reflect_request(value, shown(wrong))


OPTIMIZER = Reflect
