"""THE round loop: broadcast, local training, upload, aggregate, evaluate. Written once; it returns a `Result`.

Algorithm 1 of the paper. What gates nothing runs beside training: zero-shot scores, and the validation of round t
beside round t+1 (unless the merge is gated by it).
"""

import dataclasses
import functools
import random
from dataclasses import dataclass, field

from textgrad.concurrency import BackgroundTask, fan_out, run_in_background, scope
from textgrad.errors import BudgetSpent
from textgrad.tokens import estimate_tokens
from utils.aggregation.aggregate import Merge, aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.repair import repair
from utils.federation.evaluation import Score, answer, evaluate, mean_estimate, too_long
from utils.federation.setup import Federation
from utils.federation.transport import LocalTransport, chance
from utils.federation.update import Step, Update
from utils.metrics.judge import judge_fate
from utils.metrics.retention import Retention, retention_by_client
from utils.metrics.statistics import Estimate

Scores = dict[str, list[Score]]
"""For each task the scores of the prompts in play: one global prompt, or under "none" one of each client."""


def overall(scores: Scores) -> Estimate:
    """The mean accuracy over tasks and, for local-only training, over clients' own prompts."""
    return mean_estimate([score for of_task in scores.values() for score in of_task])


@dataclass
class Round:
    """What happened in one round.

    Attributes:
        number: 1, 2, ...; 0 stands for the start, with the initial prompt.
        broadcast: what clients were sent: the global prompt, or under "none" each client its own.
        sampled: numbers of the clients that were asked.
        updates: what came back, in the order of clients.
        dropped: why a client that was asked sent nothing.
        aggregated: the uploads that went into the merge.
        merge: how they were merged; None where nothing was.
        retention: what the merge kept of each client's contribution, by client.
        repaired: True where one more call added lost instructions back.
        quorum_missed: True where too few uploads came back.
        kept_old: why the old global prompt stayed, or "".
        prompts: the prompts in play after the round: the global one, or under "none" each client's own.
        validation: their scores on every task's validation questions.
    """

    number: int
    broadcast: tuple[str, ...] = ()
    sampled: list[int] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)
    aggregated: list[str] = field(default_factory=list)
    merge: Merge | None = None
    retention: dict[int, Retention] = field(default_factory=dict)
    repaired: bool = False
    quorum_missed: bool = False
    kept_old: str = ""
    prompts: tuple[str, ...] = ()
    validation: Scores = field(default_factory=dict)


@dataclass
class Result:
    """A finished run.

    Attributes:
        rounds: rounds[0] holds the initial prompt and its validation, rounds[t] what round t did.
        best: the first round with the highest validation accuracy; 0 where the initial prompt is best.
        tests: scores on every task's test questions: "initial", "last", "best"; where asked
            also "evaluation_engine", and "initial on NAME" and "best on NAME" for every engine of --transfer_engine.
        stopped: why the run ended before its last round and scores, or "".
    """

    rounds: list[Round]
    best: int
    tests: dict[str, Scores]
    stopped: str = ""


def _best(rounds: list[Round]) -> int:
    """The first round with the highest validation accuracy; test data has no say."""
    scored = [done for done in rounds if done.validation]
    return max(scored, key=lambda done: (overall(done.validation).value, -done.number)).number if scored else 0


class NullLog:
    """Hears what a run tells, and keeps nothing. `utils.run_log.log.RunLog` keeps it in the run's folder."""

    def open(self, federation: Federation) -> None:
        """The run is about to start; everything that could be checked before was."""

    def step(self, round_number: int, client: int, step: Step) -> None:
        """A client has ended a local step; may come from any thread, in any order."""

    def scores(self, label: str, split: str, handle: BackgroundTask) -> None:
        """Prompts are being scored; `handle.result()` are the `Scores`."""

    def round(self, done: Round, validation: BackgroundTask) -> None:
        """A round has ended; its prompts are being scored."""


def run_rounds(federation: Federation, log=NullLog()) -> Result:
    """Runs all rounds of a federation.

    Args:
        federation: clients, tasks, engines and options.
        log: told of everything as it happens; see `utils.run_log.log`.

    Raises:
        StopRun: the system is broken. A cap that is reached ends the run in order instead: see `Result.stopped`.
    """
    log.open(federation)
    return _Training(federation, log).run()


class _Training:
    def __init__(self, federation: Federation, log: NullLog):
        self.federation, self.config, self.log = federation, federation.config, log
        self.transport = federation.transport or LocalTransport(federation.config)
        self.local_only = self.config.aggregate_method == "none"
        self.rounds: list[Round] = []
        self.validations: list[BackgroundTask] = []
        self.tests: dict[str, BackgroundTask] = {}
        for client in federation.clients:
            client.on_step = log.step

    def run(self) -> Result:
        try:
            return self._run()
        except BudgetSpent as spent:
            return self._so_far(str(spent))

    def _run(self) -> Result:
        start = (self.federation.initial_prompt,) * (len(self.federation.clients) if self.local_only else 1)
        self._test("initial", start[:1])
        if not self.config.do_not_run_larger_model:
            self._test("evaluation_engine", start[:1])
        self._ended(Round(0, prompts=start))
        for number in range(1, self.config.max_epochs + 1):
            with scope(round=number):
                self._ended(self._round(number, self.rounds[-1].prompts))
        for done, validation in zip(self.rounds, self.validations, strict=True):
            done.validation = validation.result()
        best = _best(self.rounds)
        self._test("last", self.rounds[-1].prompts)
        self._test("best", self.rounds[best].prompts)
        for name in self.config.transfer_engine:
            self._test(f"initial on {name}", start[:1])
            self._test(f"best on {name}", self.rounds[best].prompts)
        return Result(self.rounds, best, {name: scores.result() for name, scores in self.tests.items()})

    def _so_far(self, reason: str) -> Result:
        """What a run that was stopped can still tell: the rounds whose prompts were scored, the best of them, and the
        test scores that were there."""
        rounds = self.rounds[:1]
        for done, validation in zip(self.rounds, self.validations, strict=False):
            if not validation.succeeded():
                break
            done.validation = validation.result()
            rounds = self.rounds[: done.number + 1]
        tests = {name: scores.result() for name, scores in self.tests.items() if scores.succeeded()}
        return Result(rounds, _best(rounds), tests, reason)

    def _test(self, label: str, prompts: tuple[str, ...]) -> None:
        self.tests[label] = self._beside("test", prompts, label)

    def _ended(self, done: Round) -> None:
        self.rounds.append(done)
        self.validations.append(self._beside("val", done.prompts, f"round {done.number}"))
        if done.number:
            self.log.round(done, self.validations[-1])

    def _beside(self, split: str, prompts: tuple[str, ...], label: str) -> BackgroundTask:
        """Scores prompts on one split of every task, beside everything else; the log is told when it is there."""
        handle = run_in_background(lambda: self._scores(split, prompts, label))
        self.log.scores(label, split, handle)
        return handle

    def _scores(self, split: str, prompts: tuple[str, ...], label: str) -> Scores:
        engines = self.federation.engines
        engine = engines.evaluation if label == "evaluation_engine" else engines.test
        engine = engines.transfers.get(label.partition(" on ")[2], engine)
        width = self.config.max_concurrency

        def score(pair) -> Score:
            task, prompt = pair
            return evaluate(engine, prompt, task, self.federation.questions[task.name, split], width)

        distinct = list(dict.fromkeys(prompts))
        pairs = [(task, prompt) for task in self.federation.tasks for prompt in distinct]
        with scope(scores=label):
            found = dict(zip(pairs, fan_out(score, pairs, width=width), strict=True))
        return {task.name: [found[task, prompt] for prompt in prompts] for task in self.federation.tasks}

    def _round(self, number: int, prompts: tuple[str, ...]) -> Round:
        done = Round(number, broadcast=prompts, prompts=prompts)
        self._exchange(done)
        if len(done.updates) < self.config.min_clients:
            done.quorum_missed = True
            done.kept_old = f"{len(done.updates)} uploads, {self.config.min_clients} needed"
        elif self.local_only:
            own = {update.client: update.prompt for update in done.updates}
            done.prompts = tuple(own.get(client, old) for client, old in enumerate(prompts))
        else:
            self._aggregate(done, prompts[0])
            if self._too_long(done):
                done.kept_old = "the merged prompt is too long for the model's context"
                done.prompts = done.broadcast
            elif self.config.aggregate_gate:
                self._gate(done)
        return done

    def _exchange(self, done: Round) -> None:
        """Sends every sampled client its prompt and collects the uploads that come back in time."""
        earlier = [(each.number, update) for each in self.rounds for update in each.updates]
        clients = self.federation.sampled(done.number, earlier)
        done.sampled = [client.number for client in clients]
        done.dropped = {
            client.number: "dropped out (injected)"
            for client in clients
            if chance("drop", self.config.seed, done.number, client.number) < self.config.drop_rate
        }
        late = self._known_late(done)
        done.dropped.update(dict.fromkeys(late or (), "late"))
        asked = [client for client in clients if client.number not in done.dropped]
        limit = self.config.round_deadline or None if late is None else None
        prompts = [done.broadcast[client.number if self.local_only else 0] for client in asked]
        answers = self.transport.exchange(done.number, asked, prompts, limit)
        for client, upload in zip(asked, answers, strict=True):
            if isinstance(upload, Update):
                done.updates.append(upload)
            else:
                done.dropped[client.number] = upload
        if limit:
            late = [number for number, why in done.dropped.items() if why == "late"]
            self.federation.engines.gateway.put_metadata(self._late_note(done), late)

    def _known_late(self, done: Round) -> list[int] | None:
        """Who was late when this round was run before: a deadline is no function of the seed, so it is remembered."""
        return self.federation.engines.gateway.get_metadata(self._late_note(done))

    def _late_note(self, done: Round) -> dict:
        """Runs of several seeds may share one call log."""
        return {"late in round": done.number, "seed": self.config.seed}

    def _aggregate(self, done: Round, old_prompt: str) -> None:
        done.aggregated = [update.prompt for update in done.updates]
        merging = Merging(
            engine=self.federation.engines.evaluation,
            token_budget=self.config.prompt_budget,
            fan_in=self.config.merge_fan_in,
            broadcast=old_prompt,
            rng=random.Random(f"merge {self.config.seed} {done.number}"),
            score=self._validation_accuracy,
            surprisal=self.federation.surprisal,
            candidates=self.config.uid_candidates,
        )
        with scope(aggregate=True):
            uploads = [update.as_upload() for update in done.updates]
            done.merge = aggregate(self.config.aggregate_method, uploads, merging)
            self._measure(done, old_prompt)
            if self.config.aggregate_repair:
                self._repair(done, old_prompt)
        done.prompts = (done.merge.prompt,)

    def _validation_accuracy(self, prompt: str) -> float:
        """Return the validation accuracy of a prompt that an aggregator considers; 0 without validation questions."""
        return overall(self._scores("val", (prompt,), "candidate")).value or 0.0

    def _measure(self, done: Round, old_prompt: str) -> None:
        engine = self.federation.engines.evaluation
        judge = functools.partial(judge_fate, engine) if self.config.retention_judge else None
        uploads = {update.client: update.prompt for update in done.updates}
        done.retention = retention_by_client(uploads, old_prompt, done.merge.prompt, judge)

    def _repair(self, done: Round, old_prompt: str) -> None:
        """One more call that adds lost instructions back; what the merge keeps is then measured again."""
        lost = list(dict.fromkeys(text for found in done.retention.values() for text in found.lost))
        prompt = repair(self.federation.engines.evaluation, done.merge.prompt, lost, self.config.prompt_budget)
        if prompt != done.merge.prompt:
            done.repaired = True
            done.merge = dataclasses.replace(done.merge, prompt=prompt, tokens_after=estimate_tokens(prompt))
            self._measure(done, old_prompt)

    def _too_long(self, done: Round) -> bool:
        """Whether the longest validation question no longer fits under the merged prompt.

        Asked only where that is longer than every prompt that clients have answered under. No call is lost: validation
        needs it anyway.
        """
        merged = done.prompts[0]
        if len(merged) <= max(map(len, (done.broadcast[0], *done.aggregated))):
            return False
        samples = [sample for task in self.federation.tasks for sample in self.federation.questions[task.name, "val"]]
        longest = max(samples, key=lambda sample: len(sample.question), default=None)
        with scope(scores="fits"):
            return longest is not None and too_long(answer(self.federation.engines.test, merged, longest))

    def _gate(self, done: Round) -> None:
        """Keeps the old global prompt where the merged one validates worse (the log answers its validation later)."""
        before = overall(self.validations[-1].result())
        after = overall(self._scores("val", done.prompts, f"round {done.number}"))
        if after.value < before.value:
            done.kept_old = f"gate: validation {after} under the merged prompt, {before} under the old one"
            done.prompts = done.broadcast
