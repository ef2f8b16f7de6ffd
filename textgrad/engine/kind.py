"""`EngineKind`: declares the engine names of one provider."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textgrad.engine.base import EngineLM


@dataclass(frozen=True)
class EngineKind:
    """A family of engine names, such as all names that start with "ollama-".

    Each provider's module lists its kinds in the tuple `ENGINES`, where the registry finds them.

    Attributes:
        pattern: regular expression of the whole name. Its first group is the model name, passed to `make`; without a
            group or a match of it, "". If several patterns match, the one with the shortest model name wins.
        make: class or function that creates the engine: `make(model, **options)`.
        example: a valid name, shown in error messages.
        help: short description of the provider and its environment variables.
        remote: True if requests cross a network, so that `request_timeout` applies.
        offline: options that create the engine without an API key or a model, for a replay.
        short_names: full engine name by abbreviation.
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
