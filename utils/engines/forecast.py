"""Dry runs: the calls and tokens of a run, from the same run on the simulated engine.

A dry run sends the real questions through the real round loop, so it counts every call and the length of every request.
The length of real replies and which rewrites are accepted remain unknown: a rejected rewrite leaves the prompt
unchanged, and repeated requests are free. Races are counted as full validation, so with --validate race the forecast is
an upper bound. Otherwise it is exact on the simulated engine.
"""

import dataclasses
import datetime
import hashlib
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from textgrad.engine.calls.budget import Price
from textgrad.engine.calls.gateway import Gateway, Usage
from textgrad.errors import StopRun
from utils.config import Config
from utils.engines.by_role import connect
from utils.engines.prices import engines_by_role, prices
from utils.federation.null_log import NullLog

REPLY_TOKENS = 250  # assumed length of a real model's reply


@dataclass(frozen=True)
class Forecast:
    """Expected usage of one role.

    Attributes:
        calls: distinct requests, each paid for once.
        cached: calls that the cache answers.
        prompt_tokens, completion_tokens: sums over calls.
        dollars: None if the price is unknown.
        price_source: where the price comes from.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float | None
    price_source: str = ""
    cached: int = 0


def forecast(config: Config, on_reply: Callable[[], None] | None = None) -> dict[str, Forecast]:
    """Return the expected usage by role.

    Args:
        config: of the run.
        on_reply: called after each simulated reply, in the scope of its call.

    Raises:
        UsageError: the run itself could not start, for example because a task is unknown.
    """
    simulated = dataclasses.replace(
        config,
        test_engine=_simulated(config.test_engine),
        evaluation_engine=_simulated(config.evaluation_engine),
        client_engines=tuple(_simulated(name) for name in config.client_engines),
        surprisal_model="off",
        validate="full",
        transfer_engine=tuple(_simulated(name) for name in config.transfer_engine),
        straggler_rate=0.0,
        round_deadline=0.0,
        max_calls=0,
        max_tokens_total=0,
        max_cost=0.0,
        replay_only=False,
        requests_per_minute=0.0,
    )
    engines = connect(simulated, ":memory:", warn=lambda line: None)
    if on_reply is not None:
        engines.gateway.on_reply = lambda *_: on_reply()
    importlib.import_module(config.module).run_training(simulated, engines, NullLog())
    names, known = engines_by_role(config), prices(config)
    return {
        role: _expected(used, known.get(role), names[role], config.max_tokens)
        for role, used in sorted(engines.gateway.usage.items())
    }


def forecast_vs_actual(config: Config, gateway: Gateway) -> dict[str, dict[str, int]]:
    """Return expected and actual calls and tokens of a finished run by role; {} if its data are gone.

    Args:
        config: of the run.
        gateway: of the run. Its call log stores the forecast for replays.
    """
    key = {"forecast": dataclasses.asdict(config)}
    expected = gateway.get_metadata(key)
    if expected is None:
        try:
            forecasts = forecast(config)
        except StopRun:  # the results of the run matter more
            return {}
        expected = {role: [each.calls, each.prompt_tokens + each.completion_tokens] for role, each in forecasts.items()}
        gateway.put_metadata(key, expected)
    return {
        role: {
            "calls": expected.get(role, (0, 0))[0],
            "actual_calls": used.calls,
            "tokens": expected.get(role, (0, 0))[1],
            "actual_tokens": used.prompt_tokens + used.completion_tokens,
        }
        for role, used in sorted(gateway.usage.items())
    }


def _expected(used: Usage, price: Price | None, engine: str, max_tokens: int) -> Forecast:
    is_simulated = engine.startswith("simulated")
    replies = used.completion_tokens if is_simulated else used.calls * min(REPLY_TOKENS, max_tokens)
    requests = used.prompt_tokens if is_simulated else used.prompt_tokens * 4 // 3  # the simulated engine counts words
    dollars, source = (price.of(requests, replies), price.source) if price else (None, "")
    return Forecast(used.calls, requests, replies, dollars, source, used.requests - used.calls)


def _simulated(engine: str) -> str:
    """Return a simulated engine in place of a real one, a different one per name; simulated ones lose their latency."""
    if engine.startswith("simulated"):
        return re.sub(r"latency=[\d.]+", "latency=0", engine)
    return f"simulated:seed={int.from_bytes(hashlib.sha256(engine.encode()).digest()[:4])}"


def forecast_table(forecasts: dict[str, Forecast]) -> str:
    """Return the forecast as lines of text, with the sum over roles."""
    header = f"{'role':<12}{'calls':>10}{'from cache':>12}{'request tokens':>18}{'reply tokens':>16}{'dollars':>12}"
    lines = [f"{header}  price from"]
    lines += [_row(role, each) for role, each in forecasts.items()]
    dollars = [each.dollars for each in forecasts.values() if each.dollars is not None]
    total = Forecast(
        sum(each.calls for each in forecasts.values()),
        sum(each.prompt_tokens for each in forecasts.values()),
        sum(each.completion_tokens for each in forecasts.values()),
        sum(dollars) if len(dollars) == len(forecasts) else None,
        cached=sum(each.cached for each in forecasts.values()),
    )
    return "\n".join([*lines, _row("all", total), f"prices of {datetime.date.today()}"])


def _row(role: str, each: Forecast) -> str:
    dollars = "no price" if each.dollars is None else f"{each.dollars:.4f}"
    calls = f"{each.calls + each.cached:>10}{each.cached:>12}"
    row = f"{role:<12}{calls}{each.prompt_tokens:>18}{each.completion_tokens:>16}{dollars:>12}"
    return f"{row}  {each.price_source}".rstrip()
