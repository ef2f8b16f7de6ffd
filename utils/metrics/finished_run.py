"""The input of the metrics: a federation and the result of its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from utils.federation.result import Result, Round, Scores
    from utils.federation.setup import Federation
    from utils.federation.update import Step


@dataclass(frozen=True)
class FinishedRun:
    """A federation and the result of its run."""

    federation: Federation
    result: Result

    @property
    def rounds(self) -> list[Round]:
        """All rounds; `rounds[0]` is the initial prompt with its validation scores."""
        return self.result.rounds

    @property
    def steps(self) -> list[Step]:
        """The local steps of all clients, in the order of rounds and clients."""
        return [step for each in self.rounds for step in each.steps]

    def validation(self, round_number: int) -> Scores | None:
        """Return the validation scores of the prompts of a round, or None if the run was stopped before."""
        return self.rounds[round_number].validation or None

    def test(self, name: str) -> Scores | None:
        """Return the test scores of a name in `Result.tests`, or None."""
        return self.result.tests.get(name) or None
