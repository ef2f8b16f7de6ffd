"""Many prompts merge as a tree: which ones together, in what order, and how long each result may be."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """One merge of a tree over n texts.

    Attributes:
        children: what it merges: i < n is the i-th text, n + j the result of the j-th node.
        level: 1 for nodes of texts only, one more than its highest child's otherwise.
        limit: longest result, in tokens, >= 1.
    """

    children: tuple[int, ...]
    level: int
    limit: int


def plan(sizes: Sequence[int], fan_in: int, budget: int) -> list[Node]:
    """The tree over texts of the given sizes: children before parents, the root last.

    Neighbours are grouped, up to `fan_in` and up to `budget` tokens of text a group, so short texts need
    ceil(log(n) / log(fan_in)) levels. Every result below the root is limited to its share of its parent's budget: so
    each node's texts are within the budget whatever the model writes.

    Args:
        sizes: tokens of each text, each from 1 to `budget`; at least one.
        fan_in: most children of a node, >= 2.
        budget: most tokens of text in one node, and longest result of the root, >= 1.
    """
    count = len(sizes)
    groups: list[tuple[int, ...]] = []
    levels: list[int] = []

    def add(group: tuple[int, ...], level: int) -> int:
        groups.append(group)
        levels.append(level)
        return count + len(groups) - 1

    level = 1
    row = [add(group, level) for group in _by_size(sizes, fan_in, budget)]
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


def _by_size(sizes: Sequence[int], fan_in: int, budget: int) -> list[tuple[int, ...]]:
    """Neighbouring texts in groups of at most `fan_in` texts and `budget` tokens."""
    groups: list[list[int]] = []
    room = 0
    for index, size in enumerate(sizes):
        if not groups or len(groups[-1]) == fan_in or size > room:
            groups.append([])
            room = budget
        groups[-1].append(index)
        room -= size
    return [tuple(group) for group in groups]
