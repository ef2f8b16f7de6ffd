"""The log of a run: the only writer in its folder under logs/.

    config.json  metrics.jsonl  ledger.jsonl  prompts/*.txt  calls.sqlite  results.json  partition.json  run.log

The content depends only on seed and replies, in an order that does not depend on timing. Only run.log and the keys
"seconds" and "date" contain times. A run that is started again under its name continues from its call log.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textgrad.concurrency import BackgroundTask
from textgrad.engine.reply import Reply
from textgrad.errors import StopRun
from utils.config import Config
from utils.federation.adversary import TRIGGERED
from utils.federation.evaluation import mean_estimate
from utils.federation.null_log import NullLog
from utils.federation.personal import PERSONAL
from utils.federation.result import Result, Round, Scores, overall
from utils.federation.scoring import Evaluation
from utils.federation.setup import Federation, budget_note
from utils.federation.update import Step
from utils.files import JsonLines
from utils.metrics.statistics import accuracy
from utils.protocols import describe
from utils.run_log import events
from utils.run_log.folder import RunFolder
from utils.run_log.identity import data_lines
from utils.run_log.ledger import GENESIS, entry_of, find_break, with_hash
from utils.run_log.live import LiveResults
from utils.run_log.partition import partition_record, partition_table
from utils.run_log.results import detectable, summarize, usage_of
from utils.run_log.summary import detectable_gain, usage_text
from utils.run_log.terminal import Terminal
from utils.run_log.trace import Trace
from utils.run_log.tracking import RunTracking
from utils.run_log.writer import Writer

_FIRST_PAGE_SECONDS, _PAGE_SECONDS = 5.0, 10.0  # until the page is written, and between two refreshes
_PAUSE_PER_PAGE = 20  # share of the time that refreshing may take: 1 to 20


class RunLog(NullLog):
    """The log of one run.

    Args:
        config: of the run.
        call_log: file of replies, shared with other runs; by default calls.sqlite in the run's folder.

    Attributes:
        config: of the run; a resumed run keeps the defaults that it began with.
        folder: path of the run's folder.
        name: of the run.
        call_log: file of replies.
        write_page: called with the results so far after a round, at most every some seconds, and when the run breaks
            off.

    Raises:
        UsageError: `--run_name` is not the name of a folder, or a tracker is unknown or not installed.
    """

    def __init__(self, config: Config, call_log: Path | None = None):
        self._run_folder = RunFolder(config)
        self.config, self.name, self.folder = self._run_folder.config, self._run_folder.name, self._run_folder.path
        self.call_log = call_log or self.folder / "calls.sqlite"
        self._terminal = Terminal(self.folder / "run.log", self.config)
        self._tracking = RunTracking(self.config, self.folder, call_log.parent.name if call_log else "", self.say)
        self._writer = Writer()
        self._local_only = config.aggregate_method == "none"
        self._trace: Trace | None = None
        self._last_entry: dict[str, Any] | None = None
        self._last_validation = accuracy([])
        self._started = time.monotonic()
        self._next_page = self._started + _FIRST_PAGE_SECONDS
        self._live: LiveResults | None = None
        self.write_page: Callable[[dict[str, Any]], object] = lambda summary: None

    def open(self, federation: Federation) -> None:
        """Create the run's folder, or continue in it.

        Raises:
            UsageError: as `RunFolder.open`.
        """
        remarks = self._run_folder.open(federation)
        self._federation, self._live = federation, LiveResults(federation)
        self._malicious = federation.adversary.clients if federation.adversary else ()
        self._metrics, self._ledger = JsonLines(self.folder / "metrics.jsonl"), JsonLines(self.folder / "ledger.jsonl")
        self._run_folder.write_prompt("initial", federation.initial_prompt)
        self._terminal.open()
        if federation.engines.gateway.call_log is not None:
            self._trace = Trace(federation.engines.gateway.call_log, self.name)
            self._trace.clear()
        federation.engines.gateway.on_reply = self._on_reply
        self.say(f"results are written to {self.folder}")
        for line in (*remarks, f"protocol: {describe(self.config)}", *data_lines(federation.tasks)):
            self.say(line)
        if note := budget_note(self.config, len(federation.clients)):
            self.say(note)
        if self._malicious:
            clients = ", ".join(map(str, self._malicious))
            self.say(f"research attack {self.config.attack!r}, simulated: malicious clients {clients}")
        self._write_partition()
        self._writer.submit(self._say_detectable_gain)  # in the background: its libraries take a moment to load
        self._check_surprisal()
        self._tracking.start(federation)

    def _on_reply(self, role: str, key: str, reply: Reply) -> None:
        self._terminal.count()
        if self._trace:
            self._trace.record(role, key, reply)

    def _write_partition(self) -> None:
        record = partition_record(self._federation)
        self._run_folder.write_json("partition.json", record)
        if len(self._federation.clients) > 1:
            self.say(partition_table(record))

    def _say_detectable_gain(self) -> None:
        self.say(detectable_gain(detectable(self._federation)))

    def _check_surprisal(self) -> None:
        scorer = self._federation.surprisal
        if scorer is not None:
            scorer("Answer the question.")  # so that a problem is reported at the start
            if scorer.problem:
                self.say(f"surprisal is not measured: {scorer.problem}")

    def phase(self, name: str, round_number: int = 0) -> None:
        """Show the phase in the progress bar."""
        self._terminal.begin(name, round_number)

    def step(self, round_number: int, client: int, step: Step) -> None:
        """Write a local step to run.log."""
        self.say(events.step_text(round_number, client, step), detail=True)

    def scores(self, evaluation: Evaluation, task: BackgroundTask[Scores]) -> None:
        """Write scores to metrics.jsonl when `task` is done, in the order of these calls."""
        self._writer.submit(lambda: self._write_scores(evaluation, task.result()), after=task)

    def _write_scores(self, evaluation: Evaluation, scores: Scores) -> None:
        for task, of_task in scores.items():
            for client, score in enumerate(of_task):
                own = client if len(of_task) > 1 else None
                self._metrics.append(events.evaluation_record(evaluation, task, score, own))
            what = "questions answered with the target:" if evaluation.split == TRIGGERED else "accuracy"
            self.say(f"{evaluation.label}: {task} {evaluation.split} {what} {mean_estimate(of_task)}", detail=True)
        assert self._live
        self._live.add_scores(evaluation, scores)
        if evaluation.round_number == 0:
            self._last_validation = overall(scores)
            self.say(f"initial prompt: validation {self._last_validation}; {self._usage_text()}")
            self._tracking.round(Round(0, prompts=evaluation.prompts), scores)

    def round(self, finished: Round, validation: BackgroundTask[Scores]) -> None:
        """Write the steps, prompts and summary of a round, and its ledger entry when `validation` is done."""
        self._tracking.used(finished.number)
        self._writer.submit(lambda: self._write_round(finished))
        self._writer.submit(lambda: self._write_entry(finished, validation.result()), after=validation)

    def _write_round(self, finished: Round) -> None:
        if self._trace:
            self._trace.flush()
        for update in finished.updates:
            name = f"round{finished.number:02d}_client{update.client:02d}"
            for step in update.steps:
                self._metrics.append(events.step_record(finished.number, update.client, step))
                self._tracking.step(finished.number, update.client, step)
                if step.rewrite:
                    rejected = "" if step.accepted else "_rejected"
                    self._run_folder.write_prompt(f"{name}_step{step.number:02d}{rejected}", step.rewrite)
            self._run_folder.write_prompt(f"{name}_upload", update.prompt)
        for client, prompt in enumerate(finished.prompts):
            whose = f"client{client:02d}_own" if self._local_only else "global"
            self._run_folder.write_prompt(f"round{finished.number:02d}_{whose}", prompt)
        if finished.merge:
            self._run_folder.write_prompt(f"round{finished.number:02d}_merged", finished.merge.prompt)
        self._metrics.append(events.round_record(finished))

    def _write_entry(self, finished: Round, validation: Scores) -> None:
        self._tracking.round(finished, validation)
        previous = self._last_entry["seal"] if self._last_entry else GENESIS
        entry = with_hash(entry_of(finished, validation, self._local_only, self._malicious), previous)
        if broken := find_break(entry, self._last_entry):
            raise AssertionError(f"the chain of prompts broke in round {finished.number}: {broken}")
        self._run_folder.outgrow_results(finished.number)
        self._ledger.append(entry)
        self._last_entry = entry
        validations = (self._last_validation, overall(validation))
        self.say(events.round_text(finished, self.config.max_epochs, *validations, self._usage_text()))
        self._last_validation = validations[1]
        assert self._live
        self._live.add_round(finished, validation)
        if time.monotonic() > self._next_page:
            self._refresh_page()

    def _refresh_page(self) -> None:
        """Write the page of the rounds so far; on slow machines less often."""
        began = time.monotonic()
        if self._live and self._live.round_number:
            if self._trace:
                self._trace.flush()
            try:
                self.write_page(self._live.summary(began - self._started))
            except Exception as error:  # a page must never end a run; the end of the run writes it again
                self.say(f"warning: the page of the run was not refreshed: {type(error).__name__}: {error}")
        now = time.monotonic()
        self._next_page = now + max(_PAGE_SECONDS, _PAUSE_PER_PAGE * (now - began))

    def _usage_text(self) -> str:
        """Return calls and cost so far."""
        gateway = self._federation.engines.gateway
        return usage_text(usage_of(gateway, gateway.budget.prices).values())

    def finish(self, result: Result, forecast: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write results.json and the best and last prompts.

        Args:
            result: of the run.
            forecast: calls and tokens by role, expected and actual; left out if empty.

        Returns:
            The content of results.json.
        """
        self._writer.finish()
        self.phase("writing results")
        self._metrics.finish()
        self._ledger.finish()
        if self._trace:
            self._trace.flush()
        seconds = time.monotonic() - self._started
        summary = summarize(self._federation, result, seconds) | ({"forecast": forecast} if forecast else {})
        for name in ("best", "last", PERSONAL):
            if name in summary["prompts"]:
                self._run_folder.write_prompt(name, summary["prompts"][name])
        self._run_folder.write_json("results.json", summary)
        self._tracking.finish(summary)
        self._live = None
        return summary

    def say(self, text: str, detail: bool = False) -> None:
        """Print lines and write them to run.log; details are only printed with --verbose."""
        for line in text.split("\n"):
            self._terminal.say(line, detail)

    def close(self, interrupted: bool = False) -> None:
        """Stop writing and end the trackers; after an interruption, do not wait for their servers."""
        self._writer.stop()
        with contextlib.suppress(StopRun):  # the disk may be full, which was reported
            self._refresh_page()
        self._tracking.close(interrupted)
        self._terminal.close()
        self._run_folder.close()
