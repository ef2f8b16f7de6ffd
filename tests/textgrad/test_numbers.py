"""Numbers that people write: one reader for options, environment variables and settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textgrad.engine.local import Settings, usable_cores
from textgrad.engine.simulated_world import World
from textgrad.errors import UsageError
from textgrad.numbers import Bounds, read_number, read_variable
from utils.config import parse
from utils.engines import doctor
from utils.engines.prices import prices
from utils.flower.site import Site

COUNT, SHARE = Bounds(int, 1, 10), Bounds(float, None, 1, above=0)


@given(st.one_of(st.text(), st.from_regex(r"[+-]?[0-9_.eE१²]*", fullmatch=True), st.floats(), st.integers()))
def test_any_value_is_read_in_bounds_or_refused_in_one_line(value):
    for bounds in (COUNT, SHARE, Bounds(float, 0.5, 10, or_zero=True)):
        try:
            number = read_number("--n", value, bounds)
        except UsageError as refused:
            assert str(refused).startswith("--n") and f"it must be {bounds}" in str(refused)
            assert "\n" not in str(refused) and len(str(refused)) < 150
        else:
            assert type(number) is bounds.kind and number in bounds
            assert isinstance(value, int | float) or value.strip().isascii()


@pytest.mark.parametrize("value", ["\n99", "99\r\n", "\t99 "])
def test_white_space_around_a_number_is_not_in_the_message(value):
    with pytest.raises(UsageError, match="^--n 99 is out of range: it must be at least 1 and at most 10$"):
        read_number("--n", value, COUNT)


@given(st.integers(1, 10))
def test_every_integer_in_bounds_is_read_back(number):
    assert read_number("--n", str(number), COUNT) == read_number("--n", number, COUNT) == number


@given(st.floats(0, 1, exclude_min=True))
def test_every_number_in_bounds_is_read_back(number):
    assert read_number("--n", repr(number), SHARE) == number


def test_zero_may_be_allowed_beside_a_range():
    bounds = Bounds(float, 0.5, 10, or_zero=True)
    assert read_number("--n", "0", bounds) == 0
    with pytest.raises(UsageError, match="--n 0.4 is out of range: it must be 0, or at least 0.5 and at most 10"):
        read_number("--n", "0.4", bounds)


@pytest.mark.parametrize("name", ["CONTEXT", "SLOTS", "THREADS"])
@pytest.mark.parametrize("value", ["0", "-1", "1e3", "१", "²", "1_000", "5.0", "99999999999999999999", "nan", "x"])
def test_the_variables_of_the_embedded_model_are_bounded(monkeypatch, name, value):
    monkeypatch.setenv(f"FEDTEXTGRAD_LOCAL_{name}", value)
    with pytest.raises(UsageError, match=f"^FEDTEXTGRAD_LOCAL_{name}.* it must be at least 1 and at most 1[0-9]+; the"):
        Settings.from_environment()


def test_an_empty_variable_means_its_default(monkeypatch):
    monkeypatch.setenv("FEDTEXTGRAD_LOCAL_SLOTS", " ")
    monkeypatch.setenv("FEDTEXTGRAD_LOCAL_CONTEXT", " 512 ")
    assert Settings.from_environment() == Settings(512, 8, usable_cores())
    assert read_variable("NOT_SET", COUNT, 3) == 3


@pytest.mark.parametrize("option", ["topics=१", "topics=1_0", "topics=1e3", "latency=nan", "base=1e400", "context="])
def test_options_of_the_simulated_engine_are_bounded(option):
    with pytest.raises(UsageError, match=f"simulated engine: {option.partition('=')[0]}.* it must be at least"):
        World.parse(option)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0", "1e-9", "1e12", "1_0", "x"])
def test_the_timeout_of_the_doctor_is_bounded(value, capsys):
    assert doctor.main(["--test_engine", "simulated", f"--request_timeout={value}"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "--request_timeout" in error and "it must be at least 0.1 and at most" in error


@pytest.mark.parametrize("entry", [{"max_calls": "many"}, {"max_concurrency": 0}, {"request_timeout": "nan"}])
def test_numbers_in_a_node_config_are_bounded(entry):
    (name,) = entry
    with pytest.raises(UsageError, match=f"--node-config: {name}.* it must be at least"):
        Site.from_node_config({"name": "a", "data": "/data", "engine": "simulated", **entry})


def test_numbers_in_a_node_config_may_be_texts():
    entries = {"name": "a", "data": "/data", "engine": "simulated", "max_calls": "7", "requests_per_minute": 30}
    options = Site.from_node_config(entries).options
    assert options["max_calls"] == 7 and options["requests_per_minute"] == 30.0


@pytest.mark.parametrize("amount", ["nan", "inf", "1e400", "-1", "1_0", "१", "1e10", ""])
def test_prices_are_bounded(amount):
    config = parse(
        ["--module", "train_homo_fed", "--task", "x", "--test_engine", "simulated", "--price", f"test={amount}/1"]
    )
    with pytest.raises(UsageError, match="--price test=.*it must be at least 0 and at most 1000000000"):
        prices(config)
