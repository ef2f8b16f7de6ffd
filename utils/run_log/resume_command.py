"""The command that continues a run, and the value that a reached cap needs."""

import math
import shlex
import sys

from textgrad.engine.calls.budget import Budget
from utils.config import option_field

_CAPS = {"calls": "max_calls", "tokens": "max_tokens_total", "dollars": "max_cost"}


def resume_command(run_name: str, **changed: str) -> str:
    """Return the present command, under a run's name and with some options changed, for a shell.

    Args:
        run_name: of the run; with --repeats, of the folder of all seeds.
        **changed: values by option; they replace every value that was typed, under any of the option's flags.
    """
    words = list(sys.argv)
    for name, value in {**changed, "run_name": run_name}.items():
        words = _without(words, (f"--{name}", *option_field(name).metadata["flags"]))
        words += [f"--{name}={value}"] if value.startswith("-") else [f"--{name}", value]
    return shlex.join([".venv/bin/python", *words])


def _without(words: list[str], flags: tuple[str, ...]) -> list[str]:
    """Return the words without these flags and their values."""
    kept = []
    rest = iter(words)
    for word in rest:
        if word in flags:
            next(rest, None)
        elif word.partition("=")[0] not in flags:
            kept.append(word)
    return kept


def raised_cap(budget: Budget) -> dict[str, str]:
    """Return the option of the reached cap with a value that lets the run continue; {} if none was reached."""
    if budget.reached is None:
        return {}
    name, cap = _CAPS[budget.reached], budget.caps[budget.reached] or 0
    bounds = option_field(name).metadata["bounds"]
    value = min(2 * (cap if budget.required <= 2 * cap else budget.required), bounds.high)
    return {name: f"{value:.10g}" if bounds.kind is float else str(math.ceil(value))}
