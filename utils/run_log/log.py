"""The run's folder under logs/ and everything in it. The only writer there; comet hears the same from here.

    config.json  metrics.jsonl  ledger.jsonl  prompts/*.txt  calls.sqlite  results.json  partition.json  run.log  *.png

What is written depends on seed and replies alone, in an order that does not depend on timing; only run.log and the
keys named "seconds" and "date" hold times. A run started again under its name finds its call log and goes on.
"""

import dataclasses
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any, TextIO

from textgrad.concurrency import BackgroundTask
from textgrad.errors import UsageError
from textgrad.prompts import REQUEST_VERSION
from utils.config import RESUME_SAFE, Config
from utils.federation.evaluation import mean_estimate, prompt_id
from utils.federation.null_log import NullLog
from utils.federation.result import Result, Round, Scores, overall
from utils.federation.scoring import Evaluation
from utils.federation.setup import Federation
from utils.federation.update import Step
from utils.files import Lines, atomic_write, to_json
from utils.metrics.retention import mean_rate
from utils.metrics.statistics import share_of
from utils.run_log import data_split as holdings
from utils.run_log.ledger import GENESIS, entry_of, problem, sealed
from utils.run_log.provenance import provenance
from utils.run_log.results import detectable, measures_record, merge_record, summarize
from utils.run_log.summary import detectable_gain
from utils.run_log.terminal import Terminal
from utils.run_log.writer import Writer
from utils.trackers import open_tracker


class RunLog(NullLog):
    """The log of one run.

    Args:
        config: of the run; names the folder.
        call_log: a file of replies shared with other runs; one in the folder where left out.
    """

    def __init__(self, config: Config, call_log: Path | None = None):
        name = config.run_name or _default_name(config)
        if Path(name).name != name or name.startswith(".") or not name.isprintable():
            raise UsageError(f"--run_name {name!r} is no plain name of a folder: use letters, digits, - and _")
        self.config, self.name, self.folder = config, name, Path(config.log_dir) / name
        self.call_log = call_log or self.folder / "calls.sqlite"
        self.terminal = Terminal(self.folder / "run.log")
        self.tracker = open_tracker(config, self.say)
        self._started = time.monotonic()
        self._writer = Writer()
        self._last_entry: dict[str, Any] | None = None
        self._lock: TextIO | None = None

    def open(self, federation: Federation) -> None:
        """Makes the folder, or goes on in it.

        Raises:
            UsageError: it cannot be made, belongs to another configuration, or is in use by another process.
        """
        try:
            (self.folder / "prompts").mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = open(self.folder / ".lock", "w", encoding="ascii")  # noqa: SIM115
        except OSError as error:
            raise UsageError(
                f"--log_dir {self.config.log_dir}: the run's folder {self.folder} cannot be made: {error.strerror}"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"{self.folder} is in use by another process: wait for it, or choose another --run_name"
            ) from error
        self.federation = federation
        self._write_config(federation)
        self._metrics, self._ledger = Lines(self.folder / "metrics.jsonl"), Lines(self.folder / "ledger.jsonl")
        self.local_only = self.config.aggregate_method == "none"
        self.prompt("initial", federation.initial_prompt)
        self._point_latest_here()
        self.terminal.open()
        federation.engines.gateway.on_reply = self.terminal.count
        self.say(f"results go to {self.folder}")
        self._say_if_requests_changed()
        self._write_holdings()
        self._writer.later(None, self._say_what_it_can_show)  # what it computes with takes a quarter second to load
        self._say_what_cannot_be_measured()
        self.tracker.log_params(
            {**dataclasses.asdict(self.config), "task_description": federation.initial_prompt, **_lengths(federation)}
        )

    def _write_config(self, federation: Federation) -> None:
        path = self.folder / "config.json"
        options = json.loads(to_json(dataclasses.asdict(self.config)))
        if path.exists():
            defaults = {each.name: each.default for each in dataclasses.fields(Config)}
            before = json.loads(to_json(defaults)) | _options_in(path)  # the run may be older than an option
            differing = [name for name in options if name not in RESUME_SAFE and before.get(name) != options[name]]
            if differing:
                told = ", ".join(f"--{name} was {before.get(name)!r} and is {options[name]!r}" for name in differing)
                raise UsageError(
                    f"{self.folder} holds a run with another configuration: {told}; give the same options "
                    "to go on, or another --run_name"
                )
        else:
            atomic_write(
                path,
                to_json(
                    {
                        "options": options,
                        "engines": federation.engines.endpoints(),
                        "simulated": federation.engines.simulated,
                        **provenance(),
                    },
                    indent=2,
                )
                + "\n",
            )

    def _say_if_requests_changed(self) -> None:
        stored = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        if stored.get("request_version", 1) < REQUEST_VERSION:
            self.say(
                "this run was started by an earlier version of the program: requests whose text has changed since "
                "are sent again (with --replay_only, they end the run)"
            )

    def _write_holdings(self) -> None:
        held = holdings.holdings(self.federation)
        atomic_write(self.folder / "partition.json", to_json(held, indent=2) + "\n")
        if len(self.federation.clients) > 1:
            self.say(holdings.table(held))

    def _say_what_it_can_show(self) -> None:
        self.say(detectable_gain(detectable(self.federation)))

    def _say_what_cannot_be_measured(self) -> None:
        if (scorer := self.federation.surprisal) is not None:
            scorer("Answer the question.")  # a failure is told now, and the measure left out
            if scorer.problem:
                self.say(f"no surprisal is measured: {scorer.problem}")

    def _point_latest_here(self) -> None:
        link, fresh = self.folder.parent / "latest", self.folder.parent / f".latest{os.getpid()}"
        if link.is_symlink() or not link.exists():
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self.folder.name)
            fresh.replace(link)

    def prompt(self, name: str, text: str) -> None:
        """Keeps a prompt as prompts/<name>.txt."""
        atomic_write(self.folder / "prompts" / f"{name}.txt", text)

    def step(self, round_number: int, client: int, step: Step) -> None:
        """Says on the terminal what a local step did."""
        after = "no rewrite" if step.after is None else f"{share_of(step.after, step.n)}"
        verdict = "accepted" if step.accepted else "rejected"
        self.say(
            f"round {round_number}  client {client}  step {step.number}  accuracy "
            f"{share_of(step.before, step.n)} -> {after}  {verdict}: {step.reason}"
        )
        self._writer.go_on()

    def scores(self, evaluation: Evaluation, task: BackgroundTask[Scores]) -> None:
        """Writes scores to metrics.jsonl when they are there, in the order in which they were started."""
        self._writer.later(task, lambda: self._write_scores(evaluation, task.result()))

    def _write_scores(self, evaluation: Evaluation, scores: Scores) -> None:
        label, split = evaluation.label, evaluation.split
        for task, of_task in scores.items():
            for position, score in enumerate(of_task):
                estimate = score.estimate.as_json()
                own = {"client": position} if len(of_task) > 1 else {}
                self._metrics.append(
                    {
                        "event": "evaluation",
                        "of": label,
                        "split": split,
                        "task": task,
                        **own,
                        "prompt": score.prompt,
                        "accuracy": estimate["value"],
                        "n": estimate["n"],
                        "ci95": estimate["ci95"],
                        "correct": "".join(map(str, score.correct)),
                    }
                )
            self.say(f"{label}: {task} {split} accuracy {mean_estimate(of_task)}")
        if evaluation.round_number is not None:
            self.tracker.log_metric("validation_acc", overall(scores).value, step=evaluation.round_number)

    def round(self, done: Round, validation: BackgroundTask) -> None:
        """Writes what a round did, its prompts, and its line of the ledger."""
        self._writer.later(None, lambda: self._write_round(done))
        self._writer.later(validation, lambda: self._write_entry(done, validation.result()))

    def _write_round(self, done: Round) -> None:
        for update in done.updates:
            name = f"round{done.number:02d}_client{update.client:02d}"
            for step in update.steps:
                self._metrics.append(
                    {
                        "event": "step",
                        "round": done.number,
                        "client": update.client,
                        "step": step.number,
                        "before": step.before,
                        "after": step.after,
                        "n": step.n,
                        "accepted": step.accepted,
                        "reason": step.reason,
                        "prompt": prompt_id(step.prompt) if step.prompt else None,
                    }
                )
                position = (done.number - 1) * self.config.max_steps + step.number
                whose = "" if self.config.module == "train_centralized" else f"client_{update.client}_"
                self.tracker.log_metric(f"{whose}train_acc", step.before, step=position)
                if step.after is not None:
                    self.tracker.log_metric(f"{whose}updated_train_acc", step.after, step=position)
                if step.rewrite:
                    self.prompt(f"{name}_step{step.number:02d}{'' if step.accepted else '_rejected'}", step.rewrite)
            self.prompt(f"{name}_upload", update.prompt)
        for number, prompt in enumerate(done.prompts):
            whose = f"client{number:02d}_own" if self.local_only else "global"
            self.prompt(f"round{done.number:02d}_{whose}", prompt)
        if done.merge:
            self.prompt(f"round{done.number:02d}_merged", done.merge.prompt)
        self._metrics.append(
            {
                "event": "round",
                "round": done.number,
                "sampled": done.sampled,
                "dropped": {str(client): str(missing) for client, missing in sorted(done.dropped.items())},
                "uploads": {str(update.client): prompt_id(update.prompt) for update in done.updates},
                "merge": merge_record(done),
                **measures_record(done),
                "kept_old": done.kept_old_reason,
                "prompts": [prompt_id(prompt) for prompt in done.prompts],
            }
        )
        told = [f"{len(done.updates)} of {len(done.sampled)} uploads"]
        told += [f"client {client} {missing}" for client, missing in sorted(done.dropped.items())]
        told += [f"client {update.client}: leak {update.guard}" for update in done.updates if update.guard != "none"]
        if (rate := mean_rate(done.retention)) is not None:
            told.append(f"{rate:.0%} of what clients added survived" + (" (repaired)" if done.repaired else ""))
        told += [f"merge fell back to {what}" for what in (done.merge.fallbacks if done.merge else ())]
        told += [f"kept the old prompt: {done.kept_old_reason}"] if done.kept_old_reason else []
        self.say(f"round {done.number} ended: " + "; ".join(told))

    def _write_entry(self, done: Round, validation: Scores) -> None:
        self.tracker.log_text(done.prompts[0], step=done.number)
        entry = sealed(
            entry_of(done, validation, self.local_only), self._last_entry["seal"] if self._last_entry else GENESIS
        )
        if broken := problem(entry, self._last_entry):
            raise AssertionError(f"the chain of prompts broke in round {done.number}: {broken}")
        self._ledger.append(entry)
        self._last_entry = entry

    def finish(self, result: Result, forecast: dict[str, Any] | None = None) -> dict[str, Any]:
        """Writes results.json and the best and last prompts.

        Args:
            result: what came out.
            forecast: what the run was expected to take and took, by role.

        Returns:
            the content of results.json.
        """
        self._writer.finish()
        seconds = time.monotonic() - self._started
        summary = summarize(self.federation, result, seconds) | ({"forecast": forecast} if forecast else {})
        self.prompt("best", result.rounds[result.best].prompts[0])
        self.prompt("last", result.rounds[-1].prompts[0])
        atomic_write(self.folder / "results.json", to_json(summary, indent=2) + "\n")
        self.tracker.log_params({name: estimate["value"] for name, estimate in summary["metrics"].items()})
        for name in ("best", "last"):
            self.tracker.log_file(self.folder / "prompts" / f"{name}.txt")
        return summary

    def say(self, text: str) -> None:
        """Prints lines, and keeps them in run.log."""
        for line in text.split("\n"):
            self.terminal.say(line)

    def close(self, hurry: bool = False) -> None:
        """Ends comet, the bar and run.log; in a hurry comet is not waited for."""
        self._writer.stop()
        self.tracker.close(*([0.5] if hurry else []))
        self.terminal.close()
        if self._lock:
            self._lock.close()


def _lengths(federation: Federation) -> dict[str, int]:
    """How many questions there are, under the names of the published code; with several tasks, of all together."""
    lengths = {
        f"{split}_length": sum(len(getattr(task, split)) for task in federation.tasks)
        for split in ("train", "val", "test")
    }
    return lengths | {f"client_{client.number}_train_length": len(client.samples) for client in federation.clients}


def _options_in(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["options"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} cannot be read: {error}; remove it to go on with the options given") from error


def _default_name(config: Config) -> str:
    tasks = "+".join(Path(task).stem for task in config.task)
    return f"{time.strftime('%Y%m%d-%H%M%S')}_{config.module}_{tasks[:80]}_seed{config.seed}"
