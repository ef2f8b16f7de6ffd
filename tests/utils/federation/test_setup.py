"""Tasks, clients and engines of a run."""

import pytest
import toy

from textgrad.errors import UsageError
from utils.engines.by_role import connect


def test_dirichlet_gives_skewed_clients_in_homo_and_mixtures_in_hetero(tmp_path):
    tasks = [toy.task_file(tmp_path, "first", [1], 100), toy.task_file(tmp_path, "second", [2], 100, seed=1)]
    config = toy.config(
        tmp_path,
        "--partition",
        "dirichlet",
        "--alpha",
        "0.1",
        "--clients_per_task",
        "2",
        "--rounds",
        "1",
        "--train_size",
        "40",
        module="train_hetero_fed",
        tasks=tasks,
    )
    _, federation, _, _ = toy.train(config)
    assert len(federation.clients) == 4
    assert sum(len(client.samples) for client in federation.clients) == 80
    config = toy.config(tmp_path, "--partition", "dirichlet", "--alpha", "0.1", "--rounds", "1", tasks=tasks[:1])
    _, federation, _, _ = toy.train(config)
    assert sorted(sample.question for client in federation.clients for sample in client.samples) == sorted(
        federation.tasks[0].train[index][0] for index in range(18)
    )


def test_clients_may_have_different_models(tmp_path):
    engines = connect(toy.config(tmp_path, "--client_engines", "simulated:base=0.1", "simulated:base=0.9"), ":memory:")
    assert [engines.of_client(number).model_string for number in range(3)] == [
        "simulated:base=0.1",
        "simulated:base=0.9",
        "simulated:base=0.1",
    ]


def test_two_task_files_with_the_same_name_are_rejected(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    tasks = [toy.task_file(tmp_path / "a"), toy.task_file(tmp_path / "b")]
    with pytest.raises(UsageError, match="two tasks are called 'sums'"):
        toy.train(toy.config(tmp_path, module="train_hetero_fed", tasks=tasks))
