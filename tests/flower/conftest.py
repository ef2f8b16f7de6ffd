"""Real Flower where it is installed."""

import importlib.util

import pytest


@pytest.fixture(scope="session")
def flower() -> None:
    """Skips where Flower is not installed."""
    if importlib.util.find_spec("flwr") is None:
        pytest.skip("no Flower: pip install -r scripts/flower/requirements.txt")


@pytest.fixture
def trial(flower, tmp_path):
    """Makes a `flower_machines.Trial`; everything that it started is killed at the end."""
    from flower_machines import Trial

    made = []

    def make(model, *more):
        made.append(Trial(tmp_path, model, *more))
        return made[-1]

    yield make
    for each in made:
        each.machines.stop()
