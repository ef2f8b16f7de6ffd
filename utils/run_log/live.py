"""The results of a run that has not ended, for its page."""

import dataclasses
from typing import Any

from utils.federation.result import Result, Round, Scores, best_round
from utils.federation.scoring import Evaluation
from utils.federation.setup import Federation
from utils.run_log.results import summarize


class LiveResults:
    """Collects validated rounds and finished test scores.

    Args:
        federation: of the run.
    """

    def __init__(self, federation: Federation):
        self._federation = federation
        self._rounds: list[Round] = []
        self._tests: dict[str, Scores] = {}

    @property
    def round_number(self) -> int:
        """The last validated round; 0 before the first one."""
        return len(self._rounds) - 1 if self._rounds else 0

    def add_scores(self, evaluation: Evaluation, scores: Scores) -> None:
        """Add test scores, or the validation of the initial prompts."""
        if evaluation.split == "test":
            self._tests[evaluation.label] = scores
        elif evaluation.round_number == 0:
            self._rounds = [Round(0, prompts=evaluation.prompts, validation=scores)]

    def add_round(self, finished: Round, validation: Scores) -> None:
        """Add a round."""
        self._rounds.append(dataclasses.replace(finished, validation=validation))

    def summary(self, seconds: float) -> dict[str, Any]:
        """Return what results.json would contain now, with a status of its own.

        Args:
            seconds: since the start.
        """
        result = Result(list(self._rounds), best_round(self._rounds), dict(self._tests))
        note = f"round {self.round_number} of {self._federation.config.max_epochs} has ended; the run has not"
        return summarize(self._federation, result, seconds) | {"status": "not finished", "stopped": note}
