"""What a run will take, found by rehearsing all of it on the simulated engine: exact where that engine is used anyway.

The rehearsal sends the real questions through the real round loop, so it knows every call that a plan leads to and how
long its request is. What it cannot know is what a real model will write: how long replies are, and which rewrites are
kept (a rejected one leaves the prompt as it was, and repeated requests are free).
"""

import dataclasses
import hashlib
import importlib
import re
from dataclasses import dataclass

from textgrad.engine.calls.gateway import Gateway, Usage
from textgrad.errors import StopRun
from utils.config import Config
from utils.engines.by_role import connect
from utils.engines.prices import prices
from utils.federation.null_log import NullLog

LONGEST_REHEARSAL = 5_000  # requests; about a second, and 40 MB
REPLY_TOKENS = 250  # assumed length of a real model's reply


@dataclass(frozen=True)
class Forecast:
    """What one role will take.

    Attributes:
        calls: distinct requests.
        prompt_tokens, completion_tokens: of all of them.
        dollars: None where no price is known.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float | None


def forecast(config: Config) -> dict[str, Forecast]:
    """The forecast by role.

    Raises:
        UsageError: what would end the run as well, such as an unknown task.
    """
    rehearsal = dataclasses.replace(
        config,
        test_engine=_stand_in(config.test_engine),
        evaluation_engine=_stand_in(config.evaluation_engine),
        client_engines=tuple(_stand_in(name) for name in config.client_engines),
        surprisal_model="off",
        transfer_engine=tuple(_stand_in(name) for name in config.transfer_engine),
        straggler_rate=0.0,
        round_deadline=0.0,
        max_calls=0,
        max_tokens_total=0,
        max_cost=0.0,
        replay_only=False,
        requests_per_minute=0.0,
    )
    engines = connect(rehearsal, ":memory:")
    importlib.import_module(config.module).run_training(rehearsal, engines, NullLog())
    real = {
        "test": config.test_engine,
        "evaluation": config.evaluation_engine,
        "transfer": next(iter(config.transfer_engine), ""),
    }
    known = prices(config)
    return {
        role: _of(used, known.get(role), real[role], config.max_tokens)
        for role, used in sorted(engines.gateway.usage.items())
    }


def beside(config: Config, gateway: Gateway) -> dict[str, dict[str, int]]:
    """What a run was expected to take and what it took, by role; {} where a rehearsal of it would take long.

    Args:
        config: of the run.
        gateway: that it went through. Its call log remembers the forecast for replays.
    """
    usage = gateway.usage
    if sum(used.requests for used in usage.values()) > LONGEST_REHEARSAL:
        return {}
    note = {"forecast": dataclasses.asdict(config)}
    expected = gateway.get_metadata(note)
    if expected is None:
        try:
            expected = {
                role: [each.calls, each.prompt_tokens + each.completion_tokens]
                for role, each in forecast(config).items()
            }
        except StopRun:  # the data may have gone since; the results matter more
            return {}
        gateway.put_metadata(note, expected)
    return {
        role: {
            "calls": expected.get(role, (0, 0))[0],
            "actual_calls": used.calls,
            "tokens": expected.get(role, (0, 0))[1],
            "actual_tokens": used.prompt_tokens + used.completion_tokens,
        }
        for role, used in sorted(usage.items())
    }


def _of(used: Usage, price, engine: str, max_tokens: int) -> Forecast:
    simulated = engine.startswith("simulated")
    replies = used.completion_tokens if simulated else used.calls * min(REPLY_TOKENS, max_tokens)
    requests = used.prompt_tokens if simulated else used.prompt_tokens * 4 // 3  # it counts words, four tokens to three
    return Forecast(used.calls, requests, replies, price.of(requests, replies) if price else None)


def _stand_in(engine: str) -> str:
    """The simulated engine in place of a real one, one for each name; a simulated one as it is, but without delay."""
    if engine.startswith("simulated"):
        return re.sub(r"latency=[\d.]+", "latency=0", engine)
    return f"simulated:seed={int.from_bytes(hashlib.sha256(engine.encode()).digest()[:4])}"


def table(forecasts: dict[str, Forecast]) -> str:
    """The forecast as lines of text, with the sum over roles."""
    rows = [
        (role, each.calls, each.prompt_tokens, each.completion_tokens, each.dollars) for role, each in forecasts.items()
    ]
    dollars = [row[4] for row in rows]
    rows.append(
        (
            "all",
            *(sum(column) for column in list(zip(*rows, strict=True))[1:4]),
            None if None in dollars else sum(dollars),
        )
    )
    lines = [f"{'role':<12}{'calls':>10}{'request tokens':>18}{'reply tokens':>16}{'dollars':>12}"]
    lines += [
        f"{role:<12}{calls:>10}{requests:>18}{replies:>16}{'no price' if cost is None else format(cost, '.4f'):>12}"
        for role, calls, requests, replies, cost in rows
    ]
    return "\n".join(lines)
