"""The round loop: broadcast, local training, upload, aggregate, evaluate (paper, Algorithm 1).

Zero-shot scores run in the background. With --no_aggregate_gate, so does the validation of round t during round t + 1;
the gate needs its result before. With --validate race, a round answers as many validation questions as it takes to
compare it with the best round so far.
"""

import dataclasses
from collections.abc import Callable

from textgrad.concurrency import BackgroundTask, run_in_background, scope
from textgrad.engine.base import EngineLM
from textgrad.errors import BudgetSpent
from utils.federation.adversary import TRIGGERED
from utils.federation.exchange import exchange
from utils.federation.merge import merge_uploads
from utils.federation.null_log import NullLog
from utils.federation.personal import PERSONAL, PERSONAL_VALIDATION
from utils.federation.racing import Race
from utils.federation.result import Result, Round, Scores, best_round, lead, overall
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
        self.race = Race(federation) if self.config.validate == "race" else None
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
            each.validation = self._latest(each, validation.result())
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
            if self.race:  # one comparison at a time, so that the order of requests does not depend on timing
                self.validations[-1].wait()
            merge_uploads(self.federation, current, self.race)
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
        before = self.validations[-1].result()
        evaluation = validation_of(self.federation, current.number, merged)
        # The validation after the round reuses these answers.
        if self.race:
            self.race.run([merged, current.broadcast], evaluation.label)
            before, after = self.race.scores(current.broadcast), self.race.scores(merged)
        else:
            after = score_prompts(self.federation, evaluation)
        if lead(after, before) >= 0:
            return ""
        return f"gate: validation {overall(after)} under the merged prompt, {overall(before)} under the old one"

    def _finish(self, finished: Round) -> None:
        """Validate the prompts of a round in the background, and log the round."""
        evaluation = validation_of(self.federation, finished.number, finished.prompts)
        earlier = list(zip(self.rounds, self.validations, strict=True))
        validation = self._start(evaluation, lambda: self._validate(evaluation, earlier))
        self.rounds.append(finished)
        self.validations.append(validation)
        if finished.number:
            self.log.round(finished, validation)

    def _validate(self, evaluation: Evaluation, earlier: list[tuple[Round, BackgroundTask[Scores]]]) -> Scores:
        """Return the validation scores of a round; a race compares it with the best of the earlier rounds."""
        if not self.race:
            return score_prompts(self.federation, evaluation)
        rounds = [dataclasses.replace(each, validation=self._latest(each, task.result())) for each, task in earlier]
        best = [rounds[best_round(rounds)].prompts] if rounds else []
        self.race.run([*best, evaluation.prompts], evaluation.label)
        return self.race.scores(evaluation.prompts)

    def _latest(self, finished: Round, validation: Scores) -> Scores:
        """Return the scores of a validated round, with the answers that later races added."""
        return self.race.scores(finished.prompts) if self.race else validation

    def _test(self, label: str, prompts: tuple[str, ...], engine: EngineLM, split: str = "test") -> None:
        evaluation = Evaluation(label, split, prompts, engine)
        self.tests[label] = self._start(evaluation, lambda: score_prompts(self.federation, evaluation))

    def _start(self, evaluation: Evaluation, score: Callable[[], Scores]) -> BackgroundTask[Scores]:
        task = run_in_background(score)
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
            each.validation = self._latest(each, validation.result())
            rounds = self.rounds[: each.number + 1]
        tests = {label: task.result() for label, task in self.tests.items() if task.succeeded()}
        return Result(rounds, best_round(rounds), tests, reason)
