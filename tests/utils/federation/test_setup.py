"""Tasks, clients and engines of a run."""

import pytest
import toy
from hub_copies import write_copy

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


def test_columns_and_splits_of_a_data_set_of_the_hub_reach_the_clients(tmp_path, hub_cache):
    rows = [{"text": f"[topic-{n % 4}] sum {n}?", "sum": n} for n in range(60)]
    write_copy(tmp_path, "me/sums", {"default": {"all_of_it": rows}})
    columns = ["--columns", "question=text", "answer=sum"]
    splits = ["--splits", *(f"{part}=all_of_it" for part in ("train", "val", "test"))]
    config = toy.config(tmp_path, *columns, *splits, "--data_dir", str(tmp_path), tasks=["hf:me/sums"])
    _, federation, _, _ = toy.train(config)
    (task,) = federation.tasks
    assert task.name == "sums" and len(task.test) == 10
    found = {(sample.question, sample.answer) for client in federation.clients for sample in client.samples}
    assert len(found) == 18 and found <= {(row["text"], str(row["sum"])) for row in rows}


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


@pytest.mark.parametrize(
    "module, more, most",
    [
        ("train_homo_fed", ["--min_clients", "50"], "3 of 3"),
        ("train_homo_fed", ["--min_clients", "4"], "3 of 3"),
        ("train_homo_fed", ["--min_clients", "3", "--client_fraction", "0.7"], "2 of 3"),
        ("train_homo_fed", ["--min_clients", "2", "--client_fraction", "1e-9"], "1 of 3"),
        ("train_homo_fed", ["--min_clients", "4", "--aggregate_method", "none"], "3 of 3"),
        ("train_centralized", ["--min_clients", "2"], "1 of 1"),
        ("train_hetero_fed", ["--min_clients", "3", "--clients_per_task", "2"], "2 of 2"),
    ],
)
def test_more_uploads_than_a_round_can_have_are_refused_with_the_largest_number(tmp_path, module, more, most):
    with pytest.raises(UsageError, match="^--min_clients [0-9]+ can never be reached") as refused:
        toy.train(toy.config(tmp_path, *more, module=module))
    assert f"{most} clients take part in a round; use --min_clients {most[0]} or less" in str(refused.value)
    toy.train(toy.config(tmp_path, *more, "--min_clients", most[0], "--rounds", "1", module=module))
