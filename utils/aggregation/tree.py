"""Plan a tree of merges: which prompts are merged together, and how long each result may be."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """One merge in a tree over n texts.

    Attributes:
        children: i < n is the i-th text, n + j the result of the j-th node.
        level: 1 if all children are texts, else one more than the highest child's level.
        limit: maximum tokens of the result, >= 1.
    """

    children: tuple[int, ...]
    level: int
    limit: int


def plan(sizes: Sequence[int], fan_in: int, budget: int) -> list[Node]:
    """Return the nodes of a tree over texts of the given sizes: children before parents, the root last.

    Neighbours are grouped, with at most `fan_in` texts and `budget` tokens per group, so short texts need
    ceil(log(n) / log(fan_in)) levels. Each result below the root is limited to its share of its parent's budget.
    Therefore the texts of each node stay within the budget.

    Args:
        sizes: tokens of each text, each from 1 to `budget`; at least one.
        fan_in: maximum children per node, >= 2.
        budget: maximum tokens of text in one node and of the root's result, >= 1.
    """
    count = len(sizes)
    groups: list[tuple[int, ...]] = []
    levels: list[int] = []

    def add(group: tuple[int, ...], level: int) -> int:
        groups.append(group)
        levels.append(level)
        return count + len(groups) - 1

    level = 1
    row = [add(group, level) for group in _group_neighbours(sizes, fan_in, budget)]
    while len(row) > 1:
        level += 1
        pieces = [tuple(row[start : start + fan_in]) for start in range(0, len(row), fan_in)]
        row = [add(piece, level) if len(piece) > 1 else piece[0] for piece in pieces]
    limits = [budget] * len(groups)
    for group in groups:
        for child in group:
            if child >= count:
                limits[child - count] = max(1, budget // len(group))
    return [Node(*parts) for parts in zip(groups, levels, limits)]


def _group_neighbours(sizes: Sequence[int], fan_in: int, budget: int) -> list[tuple[int, ...]]:
    groups: list[list[int]] = []
    room = 0
    for index, size in enumerate(sizes):
        if not groups or len(groups[-1]) == fan_in or size > room:
            groups.append([])
            room = budget
        groups[-1].append(index)
        room -= size
    return [tuple(group) for group in groups]
