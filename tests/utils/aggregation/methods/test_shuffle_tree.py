"""The aggregator `shuffle_tree`: each upload twice, in an order drawn by the run's generator."""

import random
import re

from scripted import ScriptedEngine

from utils.aggregation.aggregate import aggregate
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

PROMPTS = [f"Rule {name}." for name in "abcdefghij"]


def merge(seed, fan_in=4):
    engine = ScriptedEngine(["<IMPROVED_VARIABLE>merged</IMPROVED_VARIABLE>"])
    merging = Merging(engine, 500, fan_in=fan_in, rng=random.Random(seed))
    return aggregate("shuffle_tree", [Upload(*each) for each in enumerate(PROMPTS)], merging), engine.prompts


def groups(requests):
    return sorted(re.findall(r"Rule \w\.", request) for request in requests)


def test_each_upload_stands_in_two_merges_of_the_tree():
    result, requests = merge(seed=1)
    leaves = [text for group in groups(requests) for text in group]
    assert sorted(leaves) == sorted(PROMPTS * 2) and result.prompt == "merged"
    assert all(len(group) == len(set(group)) <= 4 for group in groups(requests))


def test_the_generator_decides_the_order():
    assert groups(merge(seed=1)[1]) == groups(merge(seed=1)[1]) != groups(merge(seed=2)[1])


def test_a_merge_that_gets_an_upload_twice_reads_it_once():
    _, (request,) = merge(seed=1, fan_in=100)
    assert sorted(re.findall(r"Rule \w\.", request)) == PROMPTS
