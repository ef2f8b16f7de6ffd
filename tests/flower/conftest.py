"""Fixtures that need Flower; without it the tests are skipped."""

import importlib.util

import pytest


@pytest.fixture(scope="session")
def flower() -> None:
    """Skip the test if Flower is not installed."""
    if importlib.util.find_spec("flwr") is None:
        pytest.skip("Flower is not installed: pip install -r scripts/flower/requirements.txt")


@pytest.fixture
def trial(flower, tmp_path):
    """Return a function that makes a `flower_machines.Trial`; all its processes are killed after the test."""
    from flower_machines import Trial

    made = []

    def make(model, *options):
        made.append(Trial(tmp_path, model, *options))
        return made[-1]

    yield make
    for each in made:
        each.machines.stop()
