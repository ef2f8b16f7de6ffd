"""Partitions of data over clients."""

import random
import re
from collections import Counter

import pytest
import toy

from textgrad.errors import UsageError
from utils.federation.partition import partition

KINDS = ("iid", "dirichlet", "quantity")
LABELS = [number % 5 for number in range(200)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clients", [1, 3, 7, 40])
@pytest.mark.parametrize("alpha", [1e-6, 0.1, 1.0, 100.0])
def test_shards_are_disjoint_complete_and_large_enough(kind, clients, alpha):
    for seed in range(5):
        shards = partition(kind, LABELS, clients, 3, seed, alpha)
        assert len(shards) == clients and all(len(shard) >= 3 for shard in shards)
        assert sorted(index for shard in shards for index in shard) == list(range(200))


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_partitions_and_different_seeds_different_ones(kind):
    random.seed(1)
    first = partition(kind, LABELS, 4, 3, 7)
    random.seed(2)  # the global generator has no influence
    assert partition(kind, LABELS, 4, 3, 7) == first
    assert partition(kind, LABELS, 4, 3, 8) != first


def test_iid_shards_differ_by_at_most_one():
    sizes = [len(shard) for shard in partition("iid", LABELS[:50], 3, 3, 0)]
    assert sorted(sizes) == [16, 17, 17]


def test_a_small_alpha_skews_classes_and_a_large_one_does_not():
    def largest_share(alpha):
        shares = []
        for seed in range(10):
            for shard in partition("dirichlet", LABELS, 5, 3, seed, alpha):
                counts = Counter(LABELS[index] for index in shard)
                shares.append(max(counts.values()) / len(shard))
        return sum(shares) / len(shares)

    assert largest_share(0.05) > 0.6 > 0.35 > largest_share(100.0)


def test_a_small_alpha_skews_amounts():
    sizes = [len(shard) for shard in partition("quantity", LABELS, 5, 3, 3, 0.1)]
    assert max(sizes) > 3 * min(sizes)


@pytest.mark.parametrize(
    "module, more, fixes",
    [
        ("train_homo_fed", ["--batch_size", "1000"], ["--batch_size 6 or less", "a larger --train_size"]),
        ("train_homo_fed", ["--batch_size", "9"], ["--batch_size 6 or less", "--num_clients 2 or less"]),
        ("train_homo_fed", ["--num_clients", "20"], ["--num_clients 6 or less", "a larger --train_size"]),
        ("train_homo_fed", ["--batch_size", "99", "--num_clients", "99", "--train_size", "0"], ["more data"]),
        ("train_homo_fed", ["--batch_size", "1000", "--partition", "dirichlet"], ["--batch_size 6 or less"]),
        ("train_centralized", ["--batch_size", "1000"], ["--batch_size 18 or less", "a larger --train_size"]),
        ("train_hetero_fed", ["--batch_size", "1000"], ["--batch_size 18 or less", "a larger --train_size"]),
        ("train_hetero_fed", ["--clients_per_task", "9"], ["--batch_size 2 or less", "--clients_per_task 6 or less"]),
        ("train_hetero_fed", ["--batch_size", "1000", "--partition", "dirichlet"], ["--batch_size 18 or less"]),
    ],
)
def test_a_batch_that_no_client_can_fill_is_refused_with_what_to_change(tmp_path, module, more, fixes):
    with pytest.raises(UsageError) as refused:
        toy.train(toy.config(tmp_path, *more, module=module))
    message = str(refused.value)
    assert all(fix in message for fix in fixes) and "too few for" in message and " 0 " not in message
    options = dict(re.findall(r"(--\w+) (\d+) or less", message))
    options = options or {"--train_size": re.search(r"which need (\d+)", message)[1]}
    for option in options.items():  # each fix alone suffices
        if option[0] != "--train_size":
            toy.train(toy.config(tmp_path, *more, "--rounds", "1", *option, module=module))


def test_too_few_questions_are_reported_with_the_fix():
    with pytest.raises(UsageError, match="10 training questions are too few for 4 clients.*at most 3 clients"):
        partition("iid", [0] * 10, 4, 3, 0)
