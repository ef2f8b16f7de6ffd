"""The plan of a tree of merges: depth, fan-in, and that every node is within the budget."""

import pytest

from utils.aggregation.tree import plan


def test_a_thousand_uploads_merge_in_four_levels_of_fan_in_eight():
    nodes = plan([20] * 1000, 8, 10_000)
    assert nodes[-1].level == 4 and len(nodes) == 125 + 16 + 2 + 1
    assert max(len(node.children) for node in nodes) == 8


@pytest.mark.parametrize("sizes", [[40] * 30, [100] * 9, [100, 1, 1, 99, 2] * 7, [1], [60, 60]])
def test_every_node_is_within_the_budget_and_every_text_is_merged_once(sizes):
    nodes = plan(sizes, 4, 100)
    longest = [*sizes, *(node.limit for node in nodes)]
    assert all(sum(longest[child] for child in node.children) <= 100 for node in nodes)
    assert sorted(child for node in nodes for child in node.children) == list(range(len(sizes) + len(nodes) - 1))
    assert all(child < len(sizes) + place for place, node in enumerate(nodes) for child in node.children)
    assert nodes[-1].limit == 100
