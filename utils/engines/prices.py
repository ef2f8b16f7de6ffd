"""Prices of engines: from `--price`, from `--price_file`, or from the package genai-prices."""

import datetime
import functools
import importlib.metadata
from pathlib import Path
from typing import Any

from textgrad.engine import get_engine
from textgrad.engine.calls.budget import Price
from textgrad.engine.protocol.address import is_local
from textgrad.errors import StopRun, UsageError, unknown
from textgrad.numbers import Bounds, read_number
from textgrad.text import read_json
from utils.config import Config

ROLES = ("test", "evaluation", "transfer")
_DOLLARS = Bounds(float, 0, 10**9)
_FREE = ("local-", "simulated", "vllm-", "sglang-")  # engines on the user's own machines


def prices(config: Config) -> dict[str, Price]:
    """Return the price of each role whose price is known.

    Raises:
        UsageError: a price cannot be read, or `--max_cost` is set and the price of a role is unknown.
    """
    by_engine = _read_file(config.price_file) if config.price_file else {}
    engines = engines_by_role(config)
    given = dict(_parse(word) for word in config.price)
    found = {role: given.get(role) or by_engine.get(engine) or _listed(engine) for role, engine in engines.items()}
    known = {role: price for role, price in found.items() if price}
    missing = [role for role in engines if role not in known]
    if config.max_cost and missing:
        raise UsageError(
            f"--max_cost needs a price for the {' and the '.join(missing)} engine: give --price "
            f"{missing[0]}=IN/OUT in dollars per million tokens, or --price_file"
        )
    return known


def engines_by_role(config: Config) -> dict[str, str]:
    """Return the engine names by role; of several transfer engines, the first."""
    names = (config.test_engine, config.evaluation_engine, *config.transfer_engine[:1])
    return dict(zip(ROLES, names, strict=False))


@functools.cache
def _listed(engine: str) -> Price | None:
    """Return the list price of an engine at its endpoint, or None."""
    if engine.startswith(_FREE):
        return Price(0.0, 0.0, "own machine")
    try:
        model, endpoint = _model_and_endpoint(engine)
        if is_local(endpoint):
            return None
        from genai_prices.data_snapshot import get_snapshot  # takes a moment

        provider = endpoint.removeprefix("litellm:") if endpoint.startswith("litellm:") else None
        _, info = get_snapshot().find_provider_model(model, None, provider, None if provider else endpoint)
    except (LookupError, StopRun):
        return None
    listed = info.get_prices(datetime.datetime.now(datetime.UTC))
    request, reply = (_base_price(amount) for amount in (listed.input_mtok, listed.output_mtok))
    if request is None or reply is None:
        return None
    return Price(request, reply, f"genai-prices {importlib.metadata.version('genai-prices')}")


def _model_and_endpoint(engine: str) -> tuple[str, str]:
    made = get_engine(engine, offline=True)
    return made.model_string, made.endpoint


def _base_price(amount: Any) -> float | None:
    """Return the price of short requests, if the price depends on the length."""
    amount = getattr(amount, "base", amount)
    return None if amount is None else float(amount)


def _parse(word: str) -> tuple[str, Price]:
    role, _, amounts = word.partition("=")
    if role not in ROLES:
        raise unknown("role in --price", role, ROLES)
    return role, _price(amounts.split("/"), f"--price {word}", "--price")


def _read_file(path: str) -> dict[str, Price]:
    table = read_json(Path(path), f"--price_file {path}")
    if not isinstance(table, dict):
        raise UsageError(f'--price_file {path} must contain one object such as {{"gpt-4o": [2.50, 10.00]}}')
    return {engine: _price(pair, f"--price_file {path}: {engine}", "--price_file") for engine, pair in table.items()}


def _price(pair: Any, where: str, source: str) -> Price:
    if not isinstance(pair, list) or len(pair) != 2:
        raise UsageError(
            f"invalid {where}: a price is two amounts >= 0, dollars per million tokens of requests and of replies, "
            "such as 0.15/0.60"
        )
    request, reply = (read_number(f"invalid {where}: the amount", amount, _DOLLARS) for amount in pair)
    return Price(request, reply, source)
