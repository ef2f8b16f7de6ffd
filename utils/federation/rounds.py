"""The round loop: broadcast, local training, upload, aggregate, evaluate (paper, Algorithm 1).

Zero-shot scores run in the background. With --no_aggregate_gate, so does the validation of round t during round t + 1;
the gate needs its result before.
"""

from textgrad.concurrency import BackgroundTask, run_in_background, scope
from textgrad.engine.base import EngineLM
from textgrad.errors import BudgetSpent
from utils.federation.adversary import TRIGGERED
from utils.federation.exchange import exchange
from utils.federation.merge import merge_uploads
from utils.federation.null_log import NullLog
from utils.federation.personal import PERSONAL, PERSONAL_VALIDATION
from utils.federation.result import Result, Round, Scores, best_round, overall
from utils.federation.scoring import Evaluation, exceeds_context, score_prompts, validation_of
from utils.federation.setup import Federation


def run_rounds(federation: Federation, log: NullLog | None = None) -> Result:
    """Run all rounds of a federation.

    Args:
        federation: clients, tasks, engines and options.
        log: receives every event; see `utils.run_log.log`.

    Raises:
        StopRun: the system is broken. A spent budget raises nothing; see `Result.stopped`.
    """
    log = log or NullLog()
    log.open(federation)
    return _Run(federation, log).run()


class _Run:
    def __init__(self, federation: Federation, log: NullLog):
        self.federation, self.config, self.log = federation, federation.config, log
        self.rounds: list[Round] = []
        self.validations: list[BackgroundTask[Scores]] = []
        self.tests: dict[str, BackgroundTask[Scores]] = {}
        for client in federation.clients:
            client.on_step = log.step

    def run(self) -> Result:
        try:
            return self._run()
        except BudgetSpent as error:
            return self._partial_result(str(error))

    def _run(self) -> Result:
        engines = self.federation.engines
        count = len(self.federation.clients) if self.federation.local_only else 1
        initial = (self.federation.initial_prompt,) * count
        self._test("initial", initial[:1], engines.test)
        if not self.config.do_not_run_larger_model:
            self._test("evaluation_engine", initial[:1], engines.evaluation)
        self._finish(Round(0, prompts=initial))
        for number in range(1, self.config.max_epochs + 1):
            with scope(round=number):
                self._finish(self._round(number, self.rounds[-1].prompts))
        self.log.phase("validating", self.config.max_epochs)
        for each, validation in zip(self.rounds, self.validations, strict=True):
            each.validation = validation.result()
        best = best_round(self.rounds)
        self.log.phase("testing")
        self._test("last", self.rounds[-1].prompts, engines.test)
        self._test("best", self.rounds[best].prompts, engines.test)
        if self.config.personal_layer:
            personal = self.federation.personal_prompts(self.rounds[-1].prompts[0])
            self._test(PERSONAL, personal, engines.test)
            self._test(PERSONAL_VALIDATION, personal, engines.test, "val")
        if self.federation.adversary and self.federation.adversary.trigger:
            self._test(f"initial, {TRIGGERED}", initial[:1], engines.test, TRIGGERED)
            self._test(f"best, {TRIGGERED}", self.rounds[best].prompts, engines.test, TRIGGERED)
        for name, engine in engines.transfers.items():
            self._test(f"initial on {name}", initial[:1], engine)
            self._test(f"best on {name}", self.rounds[best].prompts, engine)
        return Result(self.rounds, best, {label: task.result() for label, task in self.tests.items()})

    def _round(self, number: int, prompts: tuple[str, ...]) -> Round:
        current = Round(number, broadcast=prompts, prompts=prompts)
        self.log.phase("training", number)
        exchange(self.federation, current, self.rounds)
        if len(current.updates) < self.config.min_clients:
            current.quorum_missed = True
            current.kept_old_reason = f"{len(current.updates)} uploads, {self.config.min_clients} needed"
        elif self.federation.local_only:
            uploaded = {update.client: update.prompt for update in current.updates}
            current.prompts = tuple(uploaded.get(client, old) for client, old in enumerate(prompts))
        else:
            self.log.phase("merging", number)
            merge_uploads(self.federation, current)
            current.kept_old_reason = self._rejection_reason(current)
            if current.kept_old_reason:
                current.prompts = current.broadcast
        return current

    def _rejection_reason(self, current: Round) -> str:
        """Return why the merged prompt is not adopted, or ""."""
        merged = current.prompts
        if exceeds_context(self.federation, merged[0], [current.broadcast[0], *current.aggregated]):
            return "the merged prompt is too long for the model's context"
        if not self.config.aggregate_gate:
            return ""
        self.log.phase("validating", current.number)
        before = overall(self.validations[-1].result())
        # The validation after the round reads these answers from the call log.
        after = overall(score_prompts(self.federation, validation_of(self.federation, current.number, merged)))
        if before.value is None or after.value is None or after.value >= before.value:
            return ""
        return f"gate: validation {after} under the merged prompt, {before} under the old one"

    def _finish(self, finished: Round) -> None:
        """Validate the prompts of a round in the background, and log the round."""
        self.rounds.append(finished)
        validation = self._start(validation_of(self.federation, finished.number, finished.prompts))
        self.validations.append(validation)
        if finished.number:
            self.log.round(finished, validation)

    def _test(self, label: str, prompts: tuple[str, ...], engine: EngineLM, split: str = "test") -> None:
        self.tests[label] = self._start(Evaluation(label, split, prompts, engine))

    def _start(self, evaluation: Evaluation) -> BackgroundTask[Scores]:
        task = run_in_background(lambda: score_prompts(self.federation, evaluation))
        self.log.scores(evaluation, task)
        return task

    def _partial_result(self, reason: str) -> Result:
        """Return the result of a stopped run: rounds up to the last validated one, and finished test scores.

        Evaluations in flight end first, so that the result has every round that the ledger has.
        """
        for task in (*self.validations, *self.tests.values()):
            task.wait()
        rounds = self.rounds[:1]
        for each, validation in zip(self.rounds, self.validations, strict=False):
            if not validation.succeeded():
                break
            each.validation = validation.result()
            rounds = self.rounds[: each.number + 1]
        tests = {label: task.result() for label, task in self.tests.items() if task.succeeded()}
        return Result(rounds, best_round(rounds), tests, reason)
