"""The events of a run, as its log receives them."""

from textgrad.concurrency import BackgroundTask
from utils.federation.result import Round, Scores
from utils.federation.scoring import Evaluation
from utils.federation.setup import Federation
from utils.federation.update import Step


class NullLog:
    """Receives every event and stores nothing. `utils.run_log.log.RunLog` stores them in the run folder."""

    def open(self, federation: Federation) -> None:
        """The run starts. Everything that can be checked before has been checked."""

    def step(self, round_number: int, client: int, step: Step) -> None:
        """A client has finished a local step. Called from any thread, in any order."""

    def scores(self, evaluation: Evaluation, task: BackgroundTask[Scores]) -> None:
        """Prompts are being scored; `task` returns the scores."""

    def round(self, finished: Round, validation: BackgroundTask[Scores]) -> None:
        """A round has finished; `validation` returns the scores of its prompts."""
