"""Registration of sites by name."""

import pytest
from fake_messenger import FakeMessenger

from textgrad.errors import BrokenSystem, UsageError
from utils.flower.site_registry import SiteRegistry


def registry(names_by_node, *names, log=lambda line: None):
    return SiteRegistry(FakeMessenger(names_by_node), {}, names, log)


def test_too_many_unnamed_sites_are_an_error():
    with pytest.raises(UsageError, match="a, b, c.*--sites"):
        registry({1: "a", 2: "b", 3: "c"}).wait_for_sites(2, 1, 1.0)


def test_too_few_sites_are_an_error():
    with pytest.raises(BrokenSystem, match="2 of 3 sites connected"):
        registry({1: "a", 2: "b"}).wait_for_sites(3, 1, 0.1)


def test_named_sites_start_without_those_that_are_missing():
    lines = []
    sites = registry({1: "b"}, "a", "b", log=lines.append)
    sites.wait_for_sites(2, 1, 0.1)
    assert sites.node(1) == 1 and sites.node(0) is None
    assert lines[-1] == "sites: 0 a (not connected yet), 1 b"


def test_a_site_that_the_run_does_not_name_is_ignored():
    lines = []
    sites = registry({1: "a", 2: "stranger"}, "a", log=lines.append)
    sites.refresh()
    assert set(sites.sites) == {"a"}
    assert "ignoring node 2: 'stranger' is not a site of this run; its sites: a" in lines


@pytest.mark.parametrize("questions", [[-1], [10**9], ["many"], [1.5], [float("inf")], [True], [3, 4], 3])
def test_a_site_with_an_impossible_number_of_questions_is_ignored(questions):
    lines = []
    sites = registry({1: "a"}, "a", log=lines.append)
    sites._register(1, {"name": "a", "tasks": ["sums"], "questions": questions})
    assert not sites.sites and lines[-1].startswith("ignoring node 1")
    sites._register(1, {"name": "a", "tasks": ["sums"], "questions": [3]})
    assert sites.sites["a"].questions == {"sums": 3}
