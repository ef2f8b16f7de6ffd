"""Declaration of options on the fields of `Config`, and the command line built from them."""

import argparse
import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from textgrad.errors import UsageError, unknown
from textgrad.numbers import Bounds, read_number
from textgrad.text import normalize_word


def option(
    default: Any,
    group: str,
    text: str,
    *aliases: str,
    low: float | None = None,
    above: float | None = None,
    high: float = 0,
    or_zero: bool = False,
    unset: str = "",
    choices: tuple[str, ...] = (),
    resume_safe: bool = False,
    per_machine: bool = False,
    metavar: str = "",
) -> Any:
    """Return a dataclass field that is an option.

    Args:
        default: its value if the flag is absent. Its type is the option's: a bool is a switch, which has a second flag
            `--no_<name>` if it is on by default; a tuple takes several words.
        group: heading in --help.
        text: line of --help, without default and choices, which are appended.
        *aliases: further flags with the same meaning.
        low, high: smallest and largest value of a number; every number needs a bound on both sides.
        above: exclusive lower bound, in place of `low`.
        or_zero: True if 0 is allowed too.
        unset: what an empty default means, for --help; "required" if the flag must be given.
        choices: allowed values of a text, or of each word.
        resume_safe: True if the option may change when a run is resumed, because it does not change what is computed.
        per_machine: True if every machine of a Flower run decides the option itself. All others reach the sites.
        metavar: placeholder of the value in --help.
    """
    is_number = isinstance(default, int | float) and not isinstance(default, bool)
    facts = {
        "group": group,
        "help": text,
        "flags": aliases,
        "bounds": Bounds(type(default), low, high, above, or_zero) if is_number else None,
        "unset": unset,
        "choices": choices,
        "resume_safe": resume_safe,
        "per_machine": per_machine,
        "metavar": metavar or ("NAME" if choices else None),
    }
    return dataclasses.field(default=default, metadata=facts)


def command_words(name: str, value: Any) -> list[str]:
    """Return the words that set an option on the command line."""
    if isinstance(value, bool):
        return [f"--{name}" if value else _off_flag(name)]
    if str(value).startswith("-"):
        return [f"--{name}={value}"]
    return [f"--{name}", *map(str, value if isinstance(value, list | tuple) else [value])]


def options_with(config_class: type, fact: str, value: bool = True) -> tuple[str, ...]:
    """Return the names of the options whose fact "resume_safe" or "per_machine" has a value."""
    return tuple(each.name for each in dataclasses.fields(config_class) if each.metadata[fact] is value)


def check_values(config: Any, typed: Mapping[str, str]) -> None:
    """Compare every option with its declared type, choices and bounds.

    Args:
        config: a `Config`.
        typed: the flag that the user typed, by option.

    Raises:
        UsageError: the first value that is not allowed, with the flag, the allowed values and the fix.
    """
    for each in dataclasses.fields(config):
        check_value(each, getattr(config, each.name), typed.get(each.name, f"--{each.name}"))


def check_value(field: dataclasses.Field, value: Any, flag: str) -> Any:
    """Return the value of one option, with a number in its type.

    Args:
        field: declared by `option`.
        value: of the option's type; a number may be a text.
        flag: what the user typed, for the error message.

    Raises:
        UsageError: the value is not allowed.
    """
    default: Any = field.default
    choices, kind = field.metadata["choices"], type(default)
    if field.metadata["bounds"]:
        return read_number(flag, value, field.metadata["bounds"], default)
    if not isinstance(value, kind) or kind is tuple and not all(isinstance(word, str) for word in value):
        raise UsageError(f"{flag}: {value!r} is not {_KINDS[kind]}")
    words = value or ("",) if kind is tuple else (value,)
    if choices and (wrong := [word for word in words if word not in choices]):
        if not wrong[0]:
            raise UsageError(f"{flag} is missing: choose one of {', '.join(choices)}")
        raise unknown(flag.removeprefix("--"), wrong[0], choices)
    return value


def assignments(flag: str, words: Iterable[str]) -> dict[str, str]:
    """Return the values by name in words such as "train=validation".

    Raises:
        UsageError: a word has another form, or a name is given twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if not name or not value or name in found:
            raise UsageError(f"{flag}: invalid {word!r}: expected NAME=VALUE, each name once")
        found[name] = value
    return found


_KINDS = {str: "a text", bool: "true or false", tuple: "a list of texts"}


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str):
        """Raise one line instead of printing usage and exiting."""
        raise UsageError(f"{message} (see --help)")


class _Store(argparse.Action):
    """Stores a value together with the flag that was typed for it."""

    def __call__(self, parser, namespace, values, option_string=None):
        is_on = option_string != _off_flag(self.dest)
        setattr(namespace, self.dest, (option_string, is_on if self.nargs == 0 else values))


def _off_flag(name: str) -> str:
    return f"--no_{name}"


def parser(config_class: type) -> argparse.ArgumentParser:
    """Return the parser of the command line, with the groups of the dataclass."""
    made = OneLineParser(
        prog="main.py",
        exit_on_error=False,
        description="FedTextGrad: train a system prompt with textual gradients, centrally or federated. "
        "Results go to logs/.",
        argument_default=argparse.SUPPRESS,
    )
    groups: dict[str, Any] = {}
    for each in dataclasses.fields(config_class):
        heading = each.metadata["group"]
        if heading not in groups:
            groups[heading] = made.add_argument_group(heading)
        off_flags = [_off_flag(each.name)] if each.default is True else []
        flags = (f"--{each.name}", *off_flags, *each.metadata["flags"])
        groups[heading].add_argument(*flags, dest=each.name, action=_Store, help=_help(each), **_argument(each))
    return made


def _help(each: dataclasses.Field) -> str:
    text, choices = each.metadata["help"], each.metadata["choices"]
    if choices:
        text += f": {', '.join(choices)}"
    if each.metadata["unset"] == "required":
        text += " (required)"
    else:
        default = ("off", "on")[each.default] if isinstance(each.default, bool) else each.default
        shown = each.metadata["unset"] or (" ".join(default) if isinstance(default, tuple) else default)
        text += f" (default: {shown})"
    return text.replace("%", "%%")


def _argument(each: dataclasses.Field) -> dict[str, Any]:
    if isinstance(each.default, bool):
        return {"nargs": 0}
    several = {"nargs": "+"} if isinstance(each.default, tuple) else {}
    return {"metavar": "N" if each.metadata["bounds"] else each.metadata["metavar"], **several}


def parse_arguments(config_class: type, arguments: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Parse a command line.

    Returns:
        The given values by option, and the flag that was typed for each of them.

    Raises:
        UsageError: an unknown flag, or a value that is missing or not allowed.
        SystemExit: after --help.
    """
    made = parser(config_class)
    try:
        given, unknown_words = made.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise _wrong_argument(error, arguments, config_class) from error
    values: dict[str, Any] = {}
    typed: dict[str, str] = {}
    fields = {each.name: each for each in dataclasses.fields(config_class)}
    for name, (flag, value) in vars(given).items():
        typed[name], values[name] = flag, _normalized(value)
        if fields[name].metadata["bounds"]:
            values[name] = check_value(fields[name], values[name], flag)
    if unknown_words:
        flags = [flag for action in made._actions for flag in action.option_strings]
        raise _unknown_argument(unknown_words[0], flags)
    return values, typed


def _normalized(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(normalize_word, value))
    return normalize_word(value) if isinstance(value, str) else value


def _wrong_argument(error: argparse.ArgumentError, arguments: list[str], config_class: type) -> UsageError:
    """Return the error for a flag without a value, or for a switch with one. It names the flag that was typed."""
    names = (error.argument_name or "").split("/")
    flag = [word for word in (argument.partition("=")[0] for argument in arguments) if word in names][-1]
    facts = next(each for each in dataclasses.fields(config_class) if f"--{each.name}" in names).metadata
    allowed = f": it must be {facts['bounds']}" if facts["bounds"] else ""
    return UsageError(
        f"{flag}: {error.message}{allowed}; a value that begins with '-' is written {flag}=-... (see --help)"
    )


def _unknown_argument(word: str, flags: Iterable[str]) -> UsageError:
    near = difflib.get_close_matches(word, flags, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return UsageError(f"unknown argument {word!r}{hint} (see --help)")
