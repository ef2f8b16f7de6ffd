"""Splitting data over clients: IID, Dirichlet over classes, and quantity skew. One seed decides everything.

Every partition is disjoint and complete, and every client holds at least one batch. Sources: Dirichlet label skew as
in Hsu et al. 2019 (arXiv 1909.06335, section 2); quantity skew as in Li et al. 2022 (arXiv 2102.02079, section 4).
"""

import random
from collections.abc import Hashable, Sequence

from textgrad.errors import UsageError


def partition(
    kind: str, labels: Sequence[Hashable], clients: int, at_least: int, seed: int, alpha: float = 0.5
) -> list[list[int]]:
    """Indices of the data that each client holds.

    Args:
        kind: "iid", "dirichlet" (each class is spread over clients by its own Dirichlet draw) or "quantity" (clients
            hold different amounts, by one Dirichlet draw).
        labels: the class of each of the n items.
        clients: how many shards, >= 1.
        at_least: items that every client gets, >= 1.
        seed: decides the draws.
        alpha: Dirichlet concentration, > 0; smaller is more skewed.

    Returns:
        `clients` lists of indices into `labels`, disjoint, all n together.

    Raises:
        UsageError: n is less than clients * at_least.
    """
    if len(labels) < clients * at_least:
        raise UsageError(
            f"{len(labels)} training questions are too few for {clients} clients with at least {at_least} "
            f"each: use at most {len(labels) // at_least} clients, a smaller --batch_size or more data"
        )
    rng = random.Random(f"partition {seed}")
    shards = _KINDS[kind](labels, clients, alpha, rng)
    _top_up(shards, at_least, rng)
    return [sorted(shard) for shard in shards]


def _shuffled(labels: Sequence, rng: random.Random) -> list[int]:
    order = list(range(len(labels)))
    rng.shuffle(order)
    return order


def _iid(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    order = _shuffled(labels, rng)
    return [order[first::clients] for first in range(clients)]


def _quantity(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    return _deal(_shuffled(labels, rng), _dirichlet(clients, alpha, rng))


def _by_class(labels: Sequence, clients: int, alpha: float, rng: random.Random) -> list[list[int]]:
    shards: list[list[int]] = [[] for _ in range(clients)]
    classes: dict[Hashable, list[int]] = {}
    for index in _shuffled(labels, rng):
        classes.setdefault(labels[index], []).append(index)
    for label in sorted(classes, key=repr):
        for shard, dealt in zip(shards, _deal(classes[label], _dirichlet(clients, alpha, rng)), strict=True):
            shard.extend(dealt)
    return shards


_KINDS = {"iid": _iid, "dirichlet": _by_class, "quantity": _quantity}


def _dirichlet(size: int, alpha: float, rng: random.Random) -> list[float]:
    """One draw from a symmetric Dirichlet distribution: `size` shares that sum to 1."""
    draws = [rng.gammavariate(alpha, 1.0) for _ in range(size)]
    total = sum(draws)
    if total <= 0.0:  # a tiny alpha underflows: its limit gives everything to one client
        draws[rng.randrange(size)] = total = 1.0
    return [draw / total for draw in draws]


def _deal(items: list[int], shares: list[float]) -> list[list[int]]:
    """Cuts items in order into runs whose lengths follow the shares."""
    ends, total = [0], 0.0
    for share in shares:
        total += share
        ends.append(round(total * len(items)))
    ends[-1] = len(items)
    return [items[start:end] for start, end in zip(ends, ends[1:], strict=False)]


def _top_up(shards: list[list[int]], at_least: int, rng: random.Random) -> None:
    """Moves items from the fullest shards to those that hold too few."""
    for shard in shards:
        while len(shard) < at_least:
            fullest = max(shards, key=len)
            shard.append(fullest.pop(rng.randrange(len(fullest))))
