"""Partitions of data over clients."""

import random
import re
from collections import Counter

import pytest
import toy

from textgrad.errors import UsageError
from utils.federation.evaluation import samples_of
from utils.federation.partition import (
    _dirichlet,
    _fill_up,
    _split_by_shares,
    check_size,
    partition,
    split_train,
    split_validation,
)
from utils.federation.setup import load_tasks

KINDS = ("iid", "dirichlet", "quantity", "one_small")
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clients, min_items", [(1, 7), (4, 3), (9, 1), (5, 0)])
def test_exactly_enough_questions_suffice_and_one_fewer_does_not(kind, clients, min_items):
    labels = LABELS[: clients * min_items]
    shards = partition(kind, labels, clients, min_items, 0, 0.1)
    assert [len(shard) for shard in shards] == [min_items] * clients
    if min_items:
        with pytest.raises(UsageError, match="too few"):
            partition(kind, labels[1:], clients, min_items, 0, 0.1)


@pytest.mark.parametrize("questions", range(1, 40, 3))
@pytest.mark.parametrize("kind", KINDS)
def test_no_question_is_lost_or_given_twice_whatever_their_number(kind, questions):
    for clients in (1, 2, 5):
        shards = partition(kind, LABELS[:questions], clients, 0, 3, 0.3)
        assert sorted(index for shard in shards for index in shard) == list(range(questions))
        assert all(shard == sorted(shard) for shard in shards)


def test_each_client_gets_its_questions_and_together_they_are_all(tmp_path):
    config = toy.config(tmp_path)  # batch size 3
    names = [f"question {number}" for number in range(12)]
    shards = split_train(config, names, [0] * 12, 4, "--num_clients")
    assert [len(shard) for shard in shards] == [3] * 4 and sorted(sum(shards, [])) == sorted(names)


def test_validation_questions_are_distributed_evenly_and_some_clients_may_get_none():
    class Five:
        val = "abcde"

    for clients in range(1, 8):
        shards = split_validation(Five, clients, 0)
        assert sorted(sum(shards, [])) == [0, 1, 2, 3, 4]
        assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_amounts_are_proportional_to_the_shares():
    assert _split_by_shares(list("abcdefghij"), [0.2, 0.5, 0.3]) == [list("ab"), list("cdefg"), list("hij")]
    assert _split_by_shares(list("abc"), [0.0, 1.0 - 1e-12]) == [[], list("abc")]
    assert _split_by_shares(list("abc"), [0.0, 0.1]) == [[], list("abc")]  # the last piece takes what remains


@pytest.mark.parametrize("alpha", [1e-9, 0.1, 1.0, 50.0])
def test_dirichlet_shares_are_positive_and_sum_to_one(alpha):
    for seed in range(10):
        shares = _dirichlet(6, alpha, random.Random(seed))
        assert len(shares) == 6 and min(shares) >= 0 and sum(shares) == pytest.approx(1.0)


def test_missing_questions_come_from_the_largest_shard():
    shards = [[], [1, 2, 3, 4, 5, 6, 7], [8, 9, 10]]
    _fill_up(shards, 3, random.Random(0))
    assert [len(shard) for shard in shards] == [3, 4, 3] and shards[2] == [8, 9, 10]


@pytest.mark.parametrize("questions, fix", [(5, "--batch_size 1 or less"), (9, "--batch_size 1 or less"), (4, None)])
def test_a_smaller_batch_is_proposed_as_soon_as_every_client_can_have_one_question(tmp_path, questions, fix):
    config = toy.config(tmp_path)
    task = load_tasks(config, toy.recorded(config)[0])[0]
    with pytest.raises(UsageError) as refused:
        check_size(config, samples_of(task, "train")[:questions], 5, "--num_clients")
    assert ("--batch_size 1 or less" in str(refused.value)) is (fix is not None)
    assert "for 5 clients with" in str(refused.value)


def test_one_small_gives_the_first_client_a_tenth_and_the_others_equal_parts():
    assert [len(shard) for shard in partition("one_small", LABELS, 4, 3, 0)] == [20, 60, 60, 60]
    assert [len(shard) for shard in partition("one_small", LABELS, 1, 3, 0)] == [200]


def test_wrong_labels_change_the_answers_of_the_first_client_only(tmp_path):
    changed, unchanged = (
        split_of(toy.config(tmp_path, "--batch_size", "2", "--wrong_labels", share)) for share in ("0.5", "0")
    )
    wrong = [
        [new.answer != old.answer for new, old in zip(*clients, strict=True)]
        for clients in zip(changed, unchanged, strict=True)
    ]
    assert [sum(each) for each in wrong] == [3, 0, 0] and len(wrong[0]) == 6
    assert [[sample.question for sample in each] for each in changed] == [
        [sample.question for sample in each] for each in unchanged
    ]
    assert {sample.answer for sample in changed[0]} <= {sample.answer for sample in unchanged[0]}


def split_of(config):
    (task,) = load_tasks(config, toy.recorded(config)[0])
    samples = samples_of(task, "train")
    return split_train(config, samples, [0] * len(samples), config.homo_split_num, "--num_clients")
