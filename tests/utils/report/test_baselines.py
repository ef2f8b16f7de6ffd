"""Baselines of a run: a local-only and a centralized run with the same data and engines, in the same folder."""

import copy
import json

import pytest

from utils.report.baselines import baselines_of, kind_of
from utils.report.runs import load_run

OPTIONS = {"module": "train_homo_fed", "task": ["t"], "aggregate_method": "union", "seed": 42, "batch_size": 3}
CONFIG = {
    "options": OPTIONS,
    "data": {"t": {"test": {"n": 8, "fingerprint": "a"}}},
    "engines": {"test": {"model": "m", "endpoint": "e"}, "evaluation": {"model": "n", "endpoint": "e"}},
}


@pytest.fixture
def add(tmp_path):
    """Return a function that adds a finished run to a folder of runs; it may change the configuration."""

    def add_run(name, change=lambda config: None, **options):
        config = copy.deepcopy(CONFIG)
        config["options"] |= options
        change(config)
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config))
        (tmp_path / name / "results.json").write_text(json.dumps({"rounds": []}))
        return tmp_path / name

    return add_run


def names_of(folder):
    return {kind: run.name for kind, run in baselines_of(load_run(folder)).items()}


def test_a_federated_run_has_the_local_only_and_the_centralized_run_beside_it(add, tmp_path):
    own = add("own")
    add("another_federated_run", seed=42, aggregate_method="sum_uid")
    add("central", module="train_centralized", aggregate_method="none")
    add("local", aggregate_method="none")
    (tmp_path / "latest").symlink_to("local")
    assert names_of(own) == {"local-only": "local", "centralized": "central"}


def test_a_run_is_not_a_baseline_of_its_own_kind(add):
    own = add("own", aggregate_method="none")
    add("another", aggregate_method="none", seed=7)
    assert names_of(own) == {} and kind_of(load_run(own).options) == "local-only"


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config["data"]["t"]["test"].update(fingerprint="b"),
        lambda config: config.update(data={"u": config["data"]["t"]}),
        lambda config: config["engines"]["evaluation"].update(model="another"),
        lambda config: config.pop("data"),
    ],
    ids=["other questions", "other task", "other engine", "an older version"],
)
def test_a_run_on_other_data_or_engines_is_no_baseline(add, change):
    own = add("own")
    add("central", change, module="train_centralized")
    assert names_of(own) == {}


def test_of_several_baselines_the_one_with_the_most_equal_options_is_taken(add):
    own = add("own")
    add("a", module="train_centralized", batch_size=1, seed=7)
    add("c", module="train_centralized")
    add("b", module="train_centralized")
    assert names_of(own) == {"centralized": "b"}


@pytest.mark.parametrize("file", ["config.json", "results.json"])
def test_an_unreadable_run_beside_it_changes_nothing(add, file):
    own = add("own")
    (add("broken", module="train_centralized") / file).write_text("{")
    add("unfinished", module="train_centralized", seed=7).joinpath("results.json").unlink()
    assert names_of(own) == {}
