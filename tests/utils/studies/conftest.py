"""Finished runs of studies without any training."""

from pathlib import Path

import pytest

from utils.report.runs import Run
from utils.studies import findings


def finished_run(seed, scores):
    """Return a run whose best prompt has these scores of test questions."""
    event = {"event": "evaluation", "of": "best", "split": "test", "task": "t", "correct": scores}
    accuracy = {"value": sum(scores) / len(scores), "n": len(scores), "ci95": [0.1, 0.9]}
    results = {"metrics": {"best_test_acc": accuracy}, "simulated": False}
    return Run(Path("run"), results, {"options": {"seed": seed}}, [event])


@pytest.fixture
def finished(monkeypatch):
    """Return a dictionary of scores by seed and name of the run; runs that it lacks are not finished."""
    scores = {}

    def runs_of(setting):
        return [finished_run(seed, each) for seed, each in scores.get(setting.name, {}).items()]

    monkeypatch.setattr(findings, "runs_of", runs_of)
    return scores
