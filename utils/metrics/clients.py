"""Accuracies of the clients of a finished run, on their own tasks and on all tasks.

They are measured if clients can differ: if a run has several tasks, or clients have prompts of their own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from utils.metrics.fairness import Counts, Weights, mean_over_clients, of_client, on_all_tasks, on_own_tasks
from utils.metrics.intervals import Estimate

if TYPE_CHECKING:
    from utils.federation.result import Scores
    from utils.metrics.finished_run import FinishedRun


def train_counts(run: FinishedRun) -> Counts:
    """Return the numbers of training questions by client and task."""
    return Counter((client.number, sample.task.name) for client in run.federation.clients for sample in client.samples)


def mean_on_own(run: FinishedRun, weighted: bool) -> Estimate | None:
    """Return the best prompt's test accuracy on each client's own tasks, as a mean over clients; None if not measured.

    Args:
        run: a finished run.
        weighted: True to weight clients by their training questions.
    """
    return _mean(run, run.test("best"), on_own_tasks(train_counts(run), weighted))


def mean_on_all(run: FinishedRun, scores: Scores | None) -> Estimate | None:
    """Return the mean of scores over clients, weighted by their training questions; None for a global prompt."""
    return _mean(run, scores, on_all_tasks(train_counts(run), weighted=True)) if run.federation.local_only else None


def own_test(run: FinishedRun) -> dict[int, Estimate]:
    """Return the best prompt's test accuracy on each client's own tasks, by client; {} if not measured."""
    return _by_client(run, on_own_tasks(train_counts(run), weighted=True))


def mean_on_own_of_personal(run: FinishedRun, name: str) -> Estimate | None:
    """Return the mean over clients of a test on each client's own tasks; None without --personal_layer.

    Args:
        run: a finished run.
        name: "last" for the global prompt, "personal" for each client's prompt.
    """
    scores = run.test(name)
    if not scores or not run.test("personal"):
        return None
    return _mean_of_scores(scores, on_own_tasks(train_counts(run), weighted=False))


def own_test_of(run: FinishedRun, scores: Scores) -> dict[int, Estimate]:
    """Return the accuracy of a test on each client's own tasks, by client."""
    weights = on_own_tasks(train_counts(run), weighted=True)
    numbers = [client.number for client in run.federation.clients]
    return {number: _mean_of_scores(scores, of_client(weights, number)) for number in numbers}


def all_test(run: FinishedRun) -> dict[int, Estimate]:
    """Return the best prompt's test accuracy on all tasks, by client; {} if not measured."""
    return _by_client(run, on_all_tasks(train_counts(run), weighted=False))


def _by_client(run: FinishedRun, weights: Weights) -> dict[int, Estimate]:
    numbers = [client.number for client in run.federation.clients]
    means = {number: _mean(run, run.test("best"), of_client(weights, number)) for number in numbers}
    return {number: mean for number, mean in means.items() if mean is not None}


def _mean(run: FinishedRun, scores: Scores | None, weights: Weights) -> Estimate | None:
    federation = run.federation
    clients_differ = len(federation.clients) > 1 and (federation.local_only or len(federation.tasks) > 1)
    if not scores or not clients_differ:
        return None
    return _mean_of_scores(scores, weights)


def _mean_of_scores(scores: Scores, weights: Weights) -> Estimate:
    return mean_over_clients({task: [each.estimate for each in of_task] for task, of_task in scores.items()}, weights)
