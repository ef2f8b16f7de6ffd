"""Means over clients, weighted or not, and the spread between clients."""

import pytest
import toy

from utils.metrics.fairness import fairness_record, mean_over_clients, on_all_tasks, on_own_tasks, spread_of, worst_of
from utils.metrics.statistics import accuracy, mean_of, mean_of_prompts
from utils.run_log.results import summarize

COUNTS = {(0, "a"): 30, (1, "a"): 10, (1, "b"): 30, (2, "b"): 10}
GOOD, HALF, BAD = accuracy([1, 1, 1, 1]), accuracy([1, 1, 0, 0]), accuracy([0, 0, 0, 0])


def test_a_global_prompt_is_weighted_by_the_questions_of_each_task():
    estimates = {"a": [GOOD], "b": [BAD]}
    assert mean_over_clients(estimates, on_own_tasks(COUNTS, weighted=True)).value == pytest.approx(40 / 80)
    assert mean_over_clients(estimates, on_own_tasks(COUNTS, weighted=False)).value == pytest.approx((1 + 0.25 + 0) / 3)


def test_own_prompts_are_weighted_by_client_and_task():
    estimates = {"a": [GOOD, HALF, BAD], "b": [BAD, BAD, HALF]}
    weighted = mean_over_clients(estimates, on_own_tasks(COUNTS, weighted=True))
    assert weighted.value == pytest.approx((30 * 1 + 10 * 0.5 + 30 * 0 + 10 * 0.5) / 80)
    everywhere = mean_over_clients(estimates, on_all_tasks(COUNTS, weighted=True))
    assert everywhere.value == pytest.approx((30 * 0.5 + 40 * 0.25 + 10 * 0.25) / 80)


def test_equal_weights_give_the_plain_means():
    estimates = {"a": [GOOD, HALF, BAD], "b": [BAD, BAD, HALF]}
    plain = mean_of([mean_of_prompts(of_task) for of_task in estimates.values()])
    found = mean_over_clients(estimates, on_all_tasks(COUNTS, weighted=False))
    assert found.value == pytest.approx(plain.value) and found.ci95 == pytest.approx(plain.ci95) and found.n == plain.n


def test_the_interval_of_a_weighted_mean_lies_nearer_to_that_of_the_heavier_task():
    one = mean_of([GOOD, BAD], [1.0, 0.0])
    assert one.ci95 == pytest.approx(GOOD.ci95)
    assert mean_of([GOOD, BAD], [2.0, 2.0]).ci95 == pytest.approx(mean_of([GOOD, BAD]).ci95)


def test_the_worst_client_and_the_spread():
    nothing = accuracy([])
    assert worst_of([GOOD, HALF, nothing]) == HALF and worst_of([nothing]) is None
    assert spread_of([GOOD, HALF, nothing]).value == 0.5 and spread_of([GOOD, nothing]) is None
    record = fairness_record({0: GOOD, 1: HALF, 2: nothing}, {0: 30, 1: 10, 2: 99})
    assert (record["worst_client"], record["spread"], record["n_clients"]) == (1, 0.5, 2)
    assert record["mean"] == 0.75 and record["weighted_mean"] == pytest.approx((30 + 5) / 40)


@pytest.mark.parametrize("method", ["summarization", "none"])
def test_each_client_is_scored_on_its_own_task_and_on_all(tmp_path, method):
    tasks = [toy.task_file(tmp_path, "low", range(2)), toy.task_file(tmp_path, "high", range(2, 4), seed=1)]
    config = toy.config(tmp_path, "--aggregate_method", method, module="train_hetero_fed", tasks=tasks)
    result, federation, *_ = toy.train(config)
    results = summarize(federation, result)
    rows = [results["clients"][str(client)] for client in range(2)]
    scores = result.tests["best"]
    for client, row in enumerate(rows):
        own = [of_task[client if method == "none" else 0].estimate.value for of_task in scores.values()]
        assert row["best_prompt_on_own_test"]["value"] == pytest.approx(own[client], abs=1e-4)
        assert row["best_prompt_on_all_test"]["value"] == pytest.approx(sum(own) / 2, abs=1e-4)
    values = [row["best_prompt_on_own_test"]["value"] for row in rows]
    metrics, fairness = results["metrics"], results["fairness"]["own_test"]
    assert metrics["client_test_acc"]["value"] == pytest.approx(sum(values) / 2, abs=1e-4)
    assert metrics["worst_client_test_acc"]["value"] == min(values) == fairness["worst"]["value"]
    assert metrics["client_test_acc_spread"]["value"] == pytest.approx(max(values) - min(values), abs=1e-4)
    assert ("best_test_acc_weighted" in metrics) is (method == "none")


def test_clients_of_one_task_with_a_global_prompt_do_not_differ(tmp_path):
    result, federation, *_ = toy.train(toy.config(tmp_path, "--rounds", "1"))
    results = summarize(federation, result)
    assert "client_test_acc" not in results["metrics"] and "own_test" not in results["fairness"]


def test_the_weighted_mean_of_local_training_follows_the_sizes_of_the_clients(tmp_path):
    options = ("--aggregate_method", "none", "--partition", "one_small", "--batch_size", "1", "--train_size", "30")
    result, federation, *_ = toy.train(toy.config(tmp_path, *options))
    (scores,) = result.tests["best"].values()
    values, sizes = [score.estimate.value for score in scores], [len(client.samples) for client in federation.clients]
    assert sizes == [3, 13, 14] or sizes == [3, 14, 13]
    expected = sum(size * value for size, value in zip(sizes, values, strict=True)) / 30
    metrics = summarize(federation, result)["metrics"]
    assert metrics["best_test_acc_weighted"]["value"] == pytest.approx(expected, abs=1e-4)
    assert metrics["best_test_acc"]["value"] == pytest.approx(sum(values) / 3, abs=1e-4)
