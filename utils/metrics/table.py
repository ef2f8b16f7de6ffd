"""The table of metrics: one entry per number in results.json, tables, report.html, CSV, LaTeX and trackers.

To add a metric, add one entry to `METRICS`; see README.md in this folder. results.json, report.csv, the list of metrics
in report.html and the trackers contain every metric; `shown` selects it for the short tables. `ROUND_METRICS` are the
numbers that trackers get after each round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from utils.metrics.attack import attack_success, malicious_retention
from utils.metrics.clients import mean_on_all, mean_on_own, mean_on_own_of_personal, own_test
from utils.metrics.fairness import spread_of, worst_of
from utils.metrics.finished_run import FinishedRun
from utils.metrics.retention import mean_rate
from utils.metrics.statistics import Estimate, accuracy

if TYPE_CHECKING:
    from utils.federation.result import Round, Scores
    from utils.federation.update import Step

TERMINAL = "terminal"  # the table that a run prints at its end
HEADLINE = "headline"  # the large numbers at the top of report.html
COMPARISON = "comparison"  # the columns of a report of several runs
LATEX = "latex"  # the columns of report.tex


@dataclass(frozen=True)
class Metric:
    """One number of a finished run.

    Attributes:
        key: name in results.json and report.csv; the names of the published code never change.
        label: name in tables and report.html.
        value: function that computes it. `Scores` are averaged over tasks and also listed by task; None omits the
            metric from this run.
        shown: any of TERMINAL, HEADLINE, COMPARISON and LATEX.
        heading: a shorter label for HEADLINE, COMPARISON and LATEX; the label if empty.
    """

    key: str
    label: str
    value: Callable[[FinishedRun], Scores | Estimate | None]
    shown: tuple[str, ...] = (TERMINAL, COMPARISON)
    heading: str = ""


def kept_rewrites(steps: Iterable[Step]) -> Estimate:
    """Return the share of local steps whose rewrite was accepted, without skipped minibatches and unchanged prompts."""
    return accuracy([int(step.accepted) for step in steps if step.decided])


def _weighted(key: str, label: str, scores: Callable[[FinishedRun], Scores | None]) -> Metric:
    """Return the weighted mean beside a metric that, in local-only training, is the plain mean over clients."""
    label = f"{label}, clients weighted by training questions"
    return Metric(f"{key}_weighted", label, lambda run: mean_on_all(run, scores(run)), shown=())


METRICS: tuple[Metric, ...] = (
    Metric(
        "0shot_eval_engine_test_acc",
        "evaluation engine, initial prompt, test",
        lambda run: run.test("evaluation_engine"),
        shown=(TERMINAL, HEADLINE),
        heading="evaluation engine, initial prompt",
    ),
    Metric(
        "0shot_test_engine_test_acc",
        "test engine, initial prompt, test",
        lambda run: run.test("initial"),
        shown=(TERMINAL, HEADLINE, COMPARISON, LATEX),
        heading="initial, test",
    ),
    Metric(
        "0shot_test_engine_validation_acc",
        "test engine, initial prompt, validation",
        lambda run: run.validation(0),
        shown=(),
    ),
    Metric(
        "best_validation_acc",
        "test engine, best prompt, validation",
        lambda run: run.validation(run.result.best),
        shown=(COMPARISON,),
        heading="best, validation",
    ),
    Metric(
        "best_agg_val_acc",  # the published federated code's name of the same number
        "test engine, best prompt, validation",
        lambda run: run.validation(run.result.best),
        shown=(),
    ),
    Metric(
        "last_test_acc",
        "test engine, last prompt, test",
        lambda run: run.test("last"),
        shown=(TERMINAL, HEADLINE, COMPARISON),
        heading="last, test",
    ),
    Metric(
        "best_test_acc",
        "test engine, best prompt, test",
        lambda run: run.test("best"),
        shown=(TERMINAL, HEADLINE, COMPARISON, LATEX),
        heading="best, test",
    ),
    Metric(
        "update_success_rate",
        "local steps whose rewrite was kept",
        lambda run: kept_rewrites(run.steps),
        shown=(COMPARISON,),
        heading="steps accepted",
    ),
    Metric(
        "client_test_acc",
        "best prompt on own tasks, test, mean over clients",
        lambda run: mean_on_own(run, weighted=False),
        shown=(TERMINAL,),
    ),
    Metric(
        "client_test_acc_weighted",
        "the same, clients weighted by training questions",
        lambda run: mean_on_own(run, weighted=True),
        shown=(TERMINAL,),
    ),
    Metric(
        "worst_client_test_acc",
        "best prompt on own tasks, test, worst client",
        lambda run: worst_of(own_test(run).values()),
        shown=(TERMINAL,),
    ),
    Metric(
        "client_test_acc_spread",
        "best prompt on own tasks, test, best client minus worst",
        lambda run: spread_of(own_test(run).values()),
        shown=(),
    ),
    Metric(
        "shared_client_test_acc",
        "last prompt on own tasks, test, mean over clients",
        lambda run: mean_on_own_of_personal(run, "last"),
        shown=(TERMINAL,),
    ),
    Metric(
        "personal_client_test_acc",
        "last prompt with the client's own section, test, mean over clients",
        lambda run: mean_on_own_of_personal(run, "personal"),
        shown=(TERMINAL,),
    ),
    _weighted("best_validation_acc", "best prompts, validation", lambda run: run.validation(run.result.best)),
    _weighted("last_test_acc", "last prompts, test", lambda run: run.test("last")),
    _weighted("best_test_acc", "best prompts, test", lambda run: run.test("best")),
    Metric(
        "malicious_retention",
        "instructions of malicious clients in the best prompt",
        malicious_retention,
        shown=(TERMINAL,),
    ),
    Metric("attack_success_rate", "success rate of the attack", attack_success, shown=(TERMINAL,)),
    Metric(
        "attack_success_rate_initial",
        "success rate of the backdoor, initial prompt",
        lambda run: run.test("initial, triggered"),
        shown=(TERMINAL,),
    ),
)


@dataclass(frozen=True)
class RoundMetric:
    """One number of a round.

    Attributes:
        key: name in trackers.
        value: function that computes it. `Scores` are averaged over tasks; None omits the metric from this round.
    """

    key: str
    value: Callable[[Round], Scores | float | None]


ROUND_METRICS: tuple[RoundMetric, ...] = (
    RoundMetric("validation_acc", lambda finished: finished.validation or None),
    RoundMetric("accepted_share", lambda finished: kept_rewrites(finished.steps).value),
    RoundMetric("retention", lambda finished: mean_rate(finished.retention)),
)


def metrics_of(transfer_engines: Iterable[str] = ()) -> list[Metric]:
    """Return the metrics of a run: the table, and two metrics for each engine of `--transfer_engine`."""
    return [
        *METRICS,
        *(_transfer(engine, prompt) for engine in transfer_engines for prompt in ("initial", "best")),
    ]


def _transfer(engine: str, prompt: str) -> Metric:
    return Metric(
        f"transfer_{engine}_{prompt}_test_acc",
        f"transfer to {engine}, {prompt} prompt, test",
        lambda run: run.test(f"{prompt} on {engine}"),
        shown=(TERMINAL,),
    )


def metrics_shown_in(table: str) -> list[Metric]:
    """Return the metrics of a short table, in the order of `METRICS`.

    Args:
        table: TERMINAL, HEADLINE, COMPARISON or LATEX.
    """
    return [metric for metric in METRICS if table in metric.shown]


def find_metric(name: str) -> tuple[Metric, str] | None:
    """Return the metric and the task ("" for all tasks) of a name in results.json, or None if unknown.

    In a run of several tasks, the metric of one task is named `<task>_<key>`.
    """
    if transfer := re.fullmatch(r"(?:(.+)_)?transfer_(.+)_(initial|best)_test_acc", name):
        task, engine, prompt = transfer.groups()
        return _transfer(engine, prompt), task or ""
    for metric in sorted(METRICS, key=lambda each: -len(each.key)):  # one key may end with another
        if name == metric.key:
            return metric, ""
        if name.endswith(f"_{metric.key}"):
            return metric, name.removesuffix(f"_{metric.key}")
    return None


def label_of(name: str) -> str:
    """Return the label of a name in results.json, with the task in parentheses; the name itself if unknown."""
    found = find_metric(name)
    if found is None:
        return name
    metric, task = found
    return metric.label + (f" ({task})" if task else "")
