"""opro: the optimizer sees earlier prompts of the round with their scores, worst first, and some wrong answers.

Source: Yang et al., 2024, "Large Language Models as Optimizers". Here a score is the accuracy on the minibatch of one
step, so scores of different steps belong to different questions.
"""

from textgrad import prompts
from textgrad.optimizer._base import Example
from textgrad.optimizer._from_examples import FromExamples, shown

_SHOWN = 8  # prompts, the best ones


class Opro(FromExamples):
    """Writes a prompt that is meant to score higher than all earlier ones."""

    system_prompt = prompts.OPRO_SYSTEM_PROMPT
    hint = prompts.REWRITE_HINT.format("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")
    within = ("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._scores: dict[str, float] = {}

    def observe_trial(self, rewrite: str, score: float) -> None:
        """Keep the score of a rewrite for later steps."""
        self._scores[rewrite] = score

    def request(self, value: str, wrong: list[Example]) -> str:
        """Return the request; see `FromExamples.request`."""
        self._scores[value] = sum(example.score for example in self.examples) / len(self.examples)
        best = sorted(self._scores.items(), key=lambda each: each[1])[-_SHOWN:]
        return prompts.opro_request(best, shown(wrong))


OPTIMIZER = Opro
