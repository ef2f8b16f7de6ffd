"""What tokens cost, where the user says so or nobody is paid."""

import json
from pathlib import Path

from textgrad.engine.calls.budget import Price
from textgrad.errors import UsageError, unknown
from utils.config import Config

ROLES = ("test", "evaluation", "transfer")
# Engines that run on the user's own machines.
_UNPAID = ("local-", "simulated", "vllm-", "sglang-")


def prices(config: Config) -> dict[str, Price]:
    """The price of each role that has a known one.

    Raises:
        UsageError: a price that cannot be read, or `--max_cost` with a role that has none.
    """
    by_model = _from_file(config.price_file) if config.price_file else {}
    known: dict[str, Price] = {}
    engines = dict(
        zip(ROLES, (config.test_engine, config.evaluation_engine, *config.transfer_engine[:1]), strict=False)
    )
    for role, engine in engines.items():
        if engine in by_model:
            known[role] = by_model[engine]
        elif engine.startswith(_UNPAID):
            known[role] = Price(0.0, 0.0)
    known |= dict(_from_word(word) for word in config.price)
    missing = [role for role in engines if role not in known]
    if config.max_cost and missing:
        raise UsageError(
            f"--max_cost needs a price for the {' and the '.join(missing)} engine: give --price "
            f"{missing[0]}=IN/OUT in dollars per million tokens, or --price_file"
        )
    return known


def _from_word(word: str) -> tuple[str, Price]:
    role, _, amounts = word.partition("=")
    if role not in ROLES:
        raise unknown("role in --price", role, ROLES)
    return role, _price(amounts.split("/"), f"--price {word}")


def _from_file(path: str) -> dict[str, Price]:
    try:
        table = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"--price_file {path} cannot be read as JSON: {error}") from error
    if not isinstance(table, dict):
        raise UsageError(f'--price_file {path} must hold one object such as {{"gpt-4o": [2.50, 10.00]}}')
    return {model: _price(pair, f"--price_file {path}: {model}") for model, pair in table.items()}


def _price(pair, where: str) -> Price:
    try:
        request, reply = (float(amount) for amount in pair)
    except (TypeError, ValueError):
        request = reply = -1.0
    if not (0 <= request < float("inf") and 0 <= reply < float("inf")):
        raise UsageError(
            f"{where}: a price is two amounts >= 0, dollars per million tokens of requests and of replies, "
            "such as 0.15/0.60"
        )
    return Price(request, reply)
