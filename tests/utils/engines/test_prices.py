"""Prices: from the command line, from a file, or list prices."""

import json

import pytest
import toy

from textgrad.engine.calls.budget import Price
from textgrad.errors import UsageError
from utils.config import parse
from utils.engines.prices import _listed, prices

PAID = ["--module", "train_homo_fed", "--task", "t", "--test_engine", "gpt-4o-mini", "--evaluation_engine", "gpt-4o"]
UNKNOWN = ["--test_engine", "ollama-mine", "--evaluation_engine", "ollama-mine"]


def test_prices_are_given_by_role():
    config = parse([*PAID, "--price", "test=0.15/0.60", "evaluation=2.50/10"])
    assert prices(config) == {"test": Price(0.15, 0.60), "evaluation": Price(2.5, 10)}


def test_prices_are_read_from_a_file_by_engine(tmp_path):
    (tmp_path / "prices.json").write_text(json.dumps({"gpt-4o": [7, 8]}))
    config = parse([*PAID, "--price_file", str(tmp_path / "prices.json"), "--price", "test=1/2"])
    found = prices(config)
    assert found == {"evaluation": Price(7, 8), "test": Price(1, 2)}
    assert {role: price.source for role, price in found.items()} == {"evaluation": "--price_file", "test": "--price"}


def test_the_default_is_the_list_price_at_the_endpoint(monkeypatch):
    found = prices(parse(PAID))
    assert found["test"] == Price(0.15, 0.6) and found["evaluation"].reply > found["test"].reply
    assert found["test"].source.startswith("genai-prices ")
    _listed.cache_clear()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://proxy.example/v1")  # its prices are unknown
    assert prices(parse(PAID)) == {}
    _listed.cache_clear()


def test_engines_on_the_users_own_machine_cost_nothing(tmp_path):
    assert set(prices(toy.config(tmp_path)).values()) == {Price(0, 0)}


@pytest.mark.parametrize(
    "more, said",
    [
        (["--max_cost", "5", *UNKNOWN], "--max_cost needs a price for the test and the evaluation engine"),
        (["--price", "test=0.15"], "invalid --price test=0.15: a price is two amounts"),
        (["--price", "test=-1/2"], "invalid --price test=-1/2: the amount -1 is out of range"),
        (["--price", "tset=1/2"], "unknown role in --price 'tset'"),
        (["--price_file", "/no/such"], "cannot read --price_file /no/such"),
    ],
)
def test_bad_prices_are_reported_in_one_line(more, said):
    with pytest.raises(UsageError, match=said):
        prices(parse([*PAID, *more]))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_price_file_may_have_a_byte_order_mark(tmp_path, encoding):
    (tmp_path / "prices.json").write_bytes('{"gpt-4o\\u200b": [7, 8]}\r\n'.encode(encoding))
    assert prices(parse([*PAID, "--price_file", str(tmp_path / "prices.json")]))["evaluation"] == Price(7, 8)


@pytest.mark.parametrize(
    "content", ["[" * 5000 + "]" * 5000, '{"gpt-4o": [NaN, 1]}', '{"gpt-4o": [1e999, 1]}', "caf\u00e9"]
)
def test_an_unusable_price_file_is_reported_in_one_line(tmp_path, content):
    (tmp_path / "prices.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match="--price_file .*prices.json") as error:
        prices(parse([*PAID, "--price_file", str(tmp_path / "prices.json")]))
    assert "\n" not in str(error.value)
