"""Partitions of data over clients."""

import random
from collections import Counter

import pytest

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


def test_too_few_questions_are_reported_with_the_fix():
    with pytest.raises(UsageError, match="10 training questions are too few for 4 clients.*at most 3 clients"):
        partition("iid", [0] * 10, 4, 3, 0)
