"""The interface of a run's log, with methods that do nothing."""

from textgrad.concurrency import BackgroundTask
from utils.federation.result import Round, Scores
from utils.federation.scoring import Evaluation
from utils.federation.setup import Federation
from utils.federation.update import Step


class NullLog:
    """Receives every event and stores nothing. `utils.run_log.log.RunLog` stores them in the run folder."""

    def open(self, federation: Federation) -> None:
        """Called when the run starts, after all checks of options and data."""

    def phase(self, name: str, round_number: int = 0) -> None:
        """Called when "training", "merging" or "validating" of a round begins, and "testing" at the end of the run."""

    def step(self, round_number: int, client: int, step: Step) -> None:
        """Called after each local step, from any thread and in any order."""

    def scores(self, evaluation: Evaluation, task: BackgroundTask[Scores]) -> None:
        """Called when an evaluation starts; `task` returns its scores."""

    def round(self, finished: Round, validation: BackgroundTask[Scores]) -> None:
        """Called after each round; `validation` returns the scores of its prompts."""
