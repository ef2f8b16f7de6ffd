"""Protocols: named sets of option values, one file each. The file's name is the value of `--protocol`.

A file declares `VALUES`, the value of each option that the protocol sets; an option that the user types wins.
"""

from typing import Any

from textgrad.discovery import load
from utils.options import command_words


def values_of(protocol: str) -> dict[str, Any]:
    """Return the option values that a protocol sets.

    Args:
        protocol: name of a file in this folder.

    Raises:
        UsageError: there is no such protocol.
    """
    return load("utils.protocols", protocol, "protocol").VALUES


def describe(config: Any) -> str:
    """Return the protocol of a configuration in words, with the options that have another value than it sets."""
    other = [
        word
        for name, value in values_of(config.protocol).items()
        if getattr(config, name) != value
        for word in command_words(name, getattr(config, name))
    ]
    return f"{config.protocol} with {' '.join(other)}" if other else config.protocol
