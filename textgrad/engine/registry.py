"""Engines by name. Each provider's module declares its engine names; this module searches them."""

import functools
import re
from dataclasses import replace

from textgrad.discovery import declared_in
from textgrad.engine.base import EngineLM
from textgrad.engine.kind import EngineKind
from textgrad.errors import UsageError, unknown

_PACKAGES = ("textgrad.engine", "textgrad.engine_experimental")


def get_engine(engine_name: str, *, offline: bool = False, **kwargs) -> EngineLM:
    """Return the engine of this name. No model is loaded and nothing is sent before the first call.

    Args:
        engine_name: such as "gpt-4o", "ollama-llama3.1" or "local-smollm2"; see `known_engines`.
        offline: if True, the engine needs no API key, model or package, but cannot be called; for replays.
        **kwargs: options of the engine's class. All engines accept `seed` (int) and `request_timeout` (seconds;
            ignored by engines that use no network). Names that start with "experimental:" accept `cache`.

    Raises:
        UsageError: the name is unknown, the API key is missing, or an option is not supported.
        BrokenSystem: the package that contains the model is missing.
    """
    full_name = _short_names().get(engine_name, engine_name)
    kind, model = _find(full_name)
    if "cache" in kwargs and not kind.takes_cache:
        raise UsageError(
            f"engine {engine_name} does not accept cache=: use experimental:{engine_name}, or drop the option, "
            f"since a run caches all replies in its call log"
        )
    seed, timeout = kwargs.pop("seed", None), kwargs.pop("request_timeout", None)
    engine = kind.make(model, **kwargs, **(kind.offline if offline else {}))
    if seed is not None:
        engine.sampling = replace(engine.sampling, seed=seed)
    if timeout is not None and kind.remote and hasattr(engine, "request_timeout"):
        engine.request_timeout = timeout
    return engine


def check_engine_name(name: str) -> None:
    """Check that an engine of this name can be called: name, API key, files and packages.

    Imports none of these packages.

    Raises:
        UsageError: the name is unknown, or an API key or a file is missing.
        BrokenSystem: a package is missing.
    """
    engine = get_engine(name)
    if hasattr(engine, "check"):
        engine.check()


def known_engines() -> dict[str, str]:
    """Return a short description per example name."""
    return {kind.example: kind.help for _, kind in declared_kinds()}


def validate_multimodal_engine(engine: EngineLM) -> None:
    """Check that an engine accepts images.

    Raises:
        UsageError: it accepts text only.
    """
    if not engine.is_multimodal:
        raise UsageError(
            f"engine {engine.model_string or type(engine).__name__} accepts text only: choose a model that accepts "
            f"images, such as gpt-4o, or pass is_multimodal=True if this one does"
        )


@functools.cache
def declared_kinds() -> tuple[tuple[str, EngineKind], ...]:
    """Return (module, kind) for each kind declared in a module's `ENGINES`.

    Raises:
        UsageError: `ENGINES` is not a tuple of `EngineKind`.
    """
    found = []
    for package in _PACKAGES:
        for module, kinds in declared_in(package, "ENGINES"):
            if not isinstance(kinds, tuple) or not all(isinstance(kind, EngineKind) for kind in kinds):
                raise UsageError(f"{package}.{module}: ENGINES must be a tuple of EngineKind (one kind: add a comma)")
            found += [(f"{package}.{module}", kind) for kind in kinds]
    return tuple(found)


@functools.cache
def _short_names() -> dict[str, str]:
    return {short: full for _, kind in declared_kinds() for short, full in kind.short_names.items()}


def _find(name: str) -> tuple[EngineKind, str]:
    """Return the kind and the model of an engine name. If several patterns match, the most specific one wins."""
    matches = []
    for module, kind in declared_kinds():
        if match := re.fullmatch(kind.pattern, name):
            matches.append((match[1] or "" if match.re.groups else "", module, kind))
    if not matches:
        raise unknown("engine", name, {*known_engines(), *_short_names()})
    model, _, kind = min(matches, key=lambda match: len(match[0]))
    modules = [module for other, module, _ in matches if len(other) == len(model)]
    if len(modules) > 1:
        raise UsageError(f"engine name {name!r} is ambiguous: its pattern is declared in {' and in '.join(modules)}")
    return kind, model
