"""Declaration of options on the fields of `Config`, and the command line built from them."""

import argparse
import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from textgrad.errors import UsageError, unknown


def option(
    default: Any,
    group: str,
    text: str,
    *aliases: str,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    resume_safe: bool = False,
    sent_to_sites: bool = False,
    metavar: str = "",
) -> Any:
    """Return a dataclass field that is an option.

    Args:
        default: its value if the flag is absent. Its type is the option's: a bool is a switch, a tuple takes several
            words.
        group: heading in --help.
        text: line of --help, without default and choices, which are appended.
        *aliases: further flags with the same meaning.
        low, high: smallest and largest value of a number; every number needs a bound on both sides.
        above: exclusive lower bound, in place of `low`.
        choices: allowed values of a text.
        resume_safe: True if the option may change when a run is resumed, because it does not change what is computed.
        sent_to_sites: True if the server decides it for the sites of a Flower run.
        metavar: placeholder of the value in --help.
    """
    facts = {
        "group": group,
        "help": text,
        "flags": aliases,
        "low": low,
        "above": above,
        "high": high,
        "choices": choices,
        "resume_safe": resume_safe,
        "sent_to_sites": sent_to_sites,
        "metavar": metavar or ("NAME" if choices else None),
    }
    return dataclasses.field(default=default, metadata=facts)


def options_with(config_class: type, fact: str) -> tuple[str, ...]:
    """Return the names of the options that declare a fact, "resume_safe" or "sent_to_sites"."""
    return tuple(each.name for each in dataclasses.fields(config_class) if each.metadata[fact])


def check_values(config: Any, typed: Mapping[str, str]) -> None:
    """Compare every option with its declared choices and bounds.

    Args:
        config: a `Config`.
        typed: the flag that the user typed, by option.

    Raises:
        UsageError: the first value that is not allowed, with the flag, the allowed values and the fix.
    """
    for each in dataclasses.fields(config):
        value, facts = getattr(config, each.name), each.metadata
        flag = typed.get(each.name, f"--{each.name}")
        if facts["choices"] and value not in facts["choices"]:
            if not value:
                raise UsageError(f"{flag} is missing: choose one of {', '.join(facts['choices'])}")
            raise unknown(flag.removeprefix("--"), value, facts["choices"])
        if isinstance(value, int | float) and not isinstance(value, bool) and not _in_bounds(value, facts):
            raise UsageError(
                f"{flag} {value} is out of range: it must be {_bounds(facts)}; the default is {each.default}"
            )


def _in_bounds(value: float, facts: Mapping[str, Any]) -> bool:
    """Not-a-number compares false with any bound, so it is never in bounds."""
    above_low = value >= facts["low"] if facts["above"] is None else value > facts["above"]
    return above_low and value <= facts["high"]


def _bounds(facts: Mapping[str, Any]) -> str:
    low = f"at least {facts['low']}" if facts["above"] is None else f"above {facts['above']}"
    return f"{low} and at most {facts['high']}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        """Raise one line instead of printing usage and exiting."""
        raise UsageError(f"{message} (see --help)")


def parser(config_class: type) -> argparse.ArgumentParser:
    """Return the parser of the command line, with the groups of the dataclass."""
    made = _Parser(
        prog="main.py",
        allow_abbrev=False,
        description="FedTextGrad: train a system prompt with textual gradients, centrally or federated. "
        "Results go to logs/.",
        argument_default=argparse.SUPPRESS,
    )
    groups: dict[str, Any] = {}
    for each in dataclasses.fields(config_class):
        heading = each.metadata["group"]
        if heading not in groups:
            groups[heading] = made.add_argument_group(heading)
        groups[heading].add_argument(
            f"--{each.name}", *each.metadata["flags"], dest=each.name, help=_help(each), **_argument(each)
        )
    return made


def _help(each: dataclasses.Field) -> str:
    text, choices = each.metadata["help"], each.metadata["choices"]
    if choices:
        text += f": {', '.join(choices)}"
    if isinstance(each.default, bool):
        text += " (default: off)"
    elif each.default not in ("", ()):
        text += f" (default: {each.default})"
    return text.replace("%", "%%")


def _argument(each: dataclasses.Field) -> dict[str, Any]:
    if isinstance(each.default, bool):
        return {"action": "store_true"}
    if isinstance(each.default, int | float):
        return {"type": type(each.default), "metavar": "N"}
    several = {"nargs": "+"} if isinstance(each.default, tuple) else {}
    return {"metavar": each.metadata["metavar"], **several}


def parse_arguments(config_class: type, arguments: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Parse a command line.

    Returns:
        The given values by option, and the flag that was typed for each of them.

    Raises:
        UsageError: an unknown flag, or a value of the wrong type.
        SystemExit: after --help.
    """
    made = parser(config_class)
    given, unknown_words = made.parse_known_args(arguments)
    flags = {flag: action.dest for action in made._actions for flag in action.option_strings}
    if unknown_words:
        raise _unknown_argument(unknown_words[0], flags)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in vars(given).items()}
    words = [word.partition("=")[0] for word in arguments]
    return values, {flags[word]: word for word in words if word in flags}


def _unknown_argument(word: str, flags: Iterable[str]) -> UsageError:
    near = difflib.get_close_matches(word, flags, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return UsageError(f"unknown argument {word!r}{hint} (see --help)")
