"""How a provider's file declares the engine names it serves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textgrad.engine.base import EngineLM


@dataclass(frozen=True)
class EngineKind:
    """One family of engine names, such as all names that start with "ollama-".

    A module of this folder lists its families in `ENGINES`; the registry finds them there.

    Attributes:
        pattern: regular expression for the whole name. Its first group is the model passed to `make`; without a group
            the model is "". If several patterns match, the one that leaves the shortest model name wins.
        make: function or class that builds the engine: `make(model, **options)`.
        example: a valid name, shown in messages.
        help: one phrase on what the name reaches.
        remote: True if requests cross a network, so that `request_timeout` applies.
        offline: options that build the engine without a key or a model, to replay recorded replies.
        short_names: abbreviations and the full names that they stand for.
        takes_cache: True if `make` accepts TextGrad's `cache=`.
    """

    pattern: str
    make: Callable[..., EngineLM]
    example: str
    help: str
    remote: bool = True
    offline: Mapping[str, Any] = field(default_factory=dict)
    short_names: Mapping[str, str] = field(default_factory=dict)
    takes_cache: bool = False
