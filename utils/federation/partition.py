"""Partitions of data over clients: IID, Dirichlet over classes, quantity skew, one small client.

One seed determines all of them.

Partitions are disjoint and complete, and every client gets at least one minibatch. Sources: Dirichlet label skew as in
Hsu et al. 2019 (arXiv 1909.06335, section 2); quantity skew as in Li et al. 2022 (arXiv 2102.02079, section 4).
"""

import random
from collections.abc import Hashable, Sequence

from textgrad.errors import UsageError
from textgrad.tasks import Task
from utils.config import Config
from utils.federation.evaluation import Sample

_SMALL_SHARE = 0.1  # of all questions, for the first client of "one_small"


def split_train(
    config: Config, samples: Sequence[Sample], labels: Sequence[Hashable], clients: int, clients_flag: str
) -> list[list[Sample]]:
    """Return the training questions of each client by --partition, at least one minibatch per client.

    Args:
        config: options of the run.
        samples: n training questions.
        labels: one class per question.
        clients: number of clients, >= 1.
        clients_flag: the option that sets this number, for the error message.

    Raises:
        UsageError: there are too few questions.
    """
    check_size(config, samples, clients, clients_flag)
    shards = partition(config.partition, labels, clients, config.batch_size, config.seed, config.alpha)
    first, *others = ([samples[index] for index in shard] for shard in shards)
    return [_with_wrong_labels(first, config.wrong_labels, config.seed), *others]


def _with_wrong_labels(samples: list[Sample], share: float, seed: int) -> list[Sample]:
    """Replace the answers of a share of the questions, drawn at random, by different answers of other questions."""
    if not share:
        return samples
    rng = random.Random(f"wrong labels {seed}")
    chosen = set(rng.sample(range(len(samples)), round(share * len(samples))))
    answers = sorted({sample.answer for sample in samples})
    return [
        sample._replace(answer=rng.choice([answer for answer in answers if answer != sample.answer] or [""]))
        if position in chosen
        else sample
        for position, sample in enumerate(samples)
    ]


def check_size(config: Config, samples: Sequence[Sample], clients: int, clients_flag: str = "") -> None:
    """Check that every client can fill a minibatch.

    Args:
        config: options of the run.
        samples: all training questions of these clients.
        clients, clients_flag: as in `split_train`.

    Raises:
        UsageError: they cannot; the message says which options to change, and to what.
    """
    count, batch = len(samples), config.batch_size
    if count >= clients * batch:
        return
    fixes = [f"--batch_size {count // clients} or less"] if count >= clients else []
    fixes += [f"{clients_flag} {count // batch} or less"] if clients_flag and count >= batch else []
    fixes += ["a larger --train_size" if config.train_size else "more data"]
    tasks = " and ".join(dict.fromkeys(sample.task.name for sample in samples))
    raise UsageError(
        f"{count} training questions of {tasks} are too few for {clients} client{'s' if clients > 1 else ''} with "
        f"--batch_size {batch}, which need {clients * batch}: use {', or '.join(fixes)}"
    )


def split_validation(task: Task, clients: int, seed: int) -> list[list[int]]:
    """Return the positions of each client's validation questions, evenly distributed; a client may get none."""
    return partition("iid", [0] * len(task.val), clients, 0, seed)


def partition(
    kind: str, labels: Sequence[Hashable], clients: int, min_items: int, seed: int, alpha: float = 0.5
) -> list[list[int]]:
    """Return the indices of each client's data.

    Args:
        kind: "iid", "dirichlet" (one Dirichlet draw per class), "quantity" (one Dirichlet draw of amounts) or
            "one_small" (the first client gets a tenth of the data, the others equal parts of the rest).
        labels: one class per item, n in total.
        clients: number of clients, >= 1.
        min_items: minimum items per client, >= 0.
        seed: determines all draws.
        alpha: Dirichlet concentration, > 0; smaller is more skewed.

    Returns:
        `clients` disjoint lists of indices into `labels`, which together contain all n.

    Raises:
        UsageError: n is less than clients * min_items.
    """
    if len(labels) < clients * min_items:
        raise UsageError(
            f"{len(labels)} training questions are too few for {clients} clients with at least {min_items} each: "
            f"at most {len(labels) // min_items} clients are possible"
        )
    rng = random.Random(f"partition {seed}")
    shards = _METHODS[kind](labels, clients, alpha, rng)
    _fill_up(shards, min_items, rng)
    return [sorted(shard) for shard in shards]


def _shuffled(labels: Sequence, rng: random.Random) -> list[int]:
    order = list(range(len(labels)))
    rng.shuffle(order)
    return order


def _iid(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    order = _shuffled(labels, rng)
    return [order[first::clients] for first in range(clients)]


def _quantity(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    return _split_by_shares(_shuffled(labels, rng), _dirichlet(clients, alpha, rng))


def _one_small(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    others = [(1 - _SMALL_SHARE) / max(1, clients - 1)] * (clients - 1)
    return _split_by_shares(_shuffled(labels, rng), [_SMALL_SHARE, *others])


def _dirichlet_by_class(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    shards: list[list[int]] = [[] for _ in range(clients)]
    classes: dict[Hashable, list[int]] = {}
    for index in _shuffled(labels, rng):
        classes.setdefault(labels[index], []).append(index)
    for label in sorted(classes, key=repr):
        for shard, piece in zip(shards, _split_by_shares(classes[label], _dirichlet(clients, alpha, rng)), strict=True):
            shard.extend(piece)
    return shards


_METHODS = {"iid": _iid, "dirichlet": _dirichlet_by_class, "quantity": _quantity, "one_small": _one_small}


def _dirichlet(size: int, alpha: float, rng: random.Random) -> list[float]:
    """Draw `size` shares that sum to 1 from a symmetric Dirichlet distribution."""
    draws = [rng.gammavariate(alpha, 1.0) for _ in range(size)]
    total = sum(draws)
    if total <= 0.0:  # underflow for a tiny alpha; in the limit, one client gets all items
        draws[rng.randrange(size)] = total = 1.0
    return [draw / total for draw in draws]


def _split_by_shares(items: list[int], shares: list[float]) -> list[list[int]]:
    """Split the items, in order, into pieces of proportional length."""
    ends, total = [0], 0.0
    for share in shares:
        total += share
        ends.append(round(total * len(items)))
    ends[-1] = len(items)
    return [items[start:end] for start, end in zip(ends, ends[1:], strict=False)]


def _fill_up(shards: list[list[int]], min_items: int, rng: random.Random) -> None:
    """Move items from the largest shards to those below the minimum."""
    for shard in shards:
        while len(shard) < min_items:
            largest = max(shards, key=len)
            shard.append(largest.pop(rng.randrange(len(largest))))
