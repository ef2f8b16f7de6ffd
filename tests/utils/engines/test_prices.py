"""Prices: from the command line, from a file, or nobody is paid."""

import json

import pytest
import toy

from textgrad.engine.calls.budget import Price
from textgrad.errors import UsageError
from utils.config import parse
from utils.engines.prices import prices

PAID = ["--module", "train_homo_fed", "--task", "t", "--test_engine", "gpt-4o-mini", "--evaluation_engine", "gpt-4o"]


def test_prices_are_given_by_role():
    config = parse([*PAID, "--price", "test=0.15/0.60", "evaluation=2.50/10"])
    assert prices(config) == {"test": Price(0.15, 0.60), "evaluation": Price(2.5, 10)}


def test_or_by_model_in_a_file(tmp_path):
    (tmp_path / "prices.json").write_text(json.dumps({"gpt-4o": [2.5, 10]}))
    config = parse([*PAID, "--price_file", str(tmp_path / "prices.json")])
    assert prices(config) == {"evaluation": Price(2.5, 10)}


def test_engines_on_the_users_own_machines_cost_nothing(tmp_path):
    assert set(prices(toy.config(tmp_path)).values()) == {Price(0, 0)}


@pytest.mark.parametrize(
    "more, said",
    [
        (["--max_cost", "5"], "--max_cost needs a price for the test and the evaluation engine"),
        (["--price", "test=0.15"], "--price test=0.15: a price is two amounts"),
        (["--price", "test=-1/2"], "two amounts >= 0"),
        (["--price", "tset=1/2"], "unknown role in --price 'tset'"),
        (["--price_file", "/no/such"], "--price_file /no/such cannot be read"),
    ],
)
def test_bad_prices_are_one_clear_line(more, said):
    with pytest.raises(UsageError, match=said):
        prices(parse([*PAID, *more]))
