"""Engines by name. Each provider's file declares the names that it serves; this module only searches them."""

import functools
import re
from dataclasses import replace

from textgrad.discovery import declared_in
from textgrad.engine.base import EngineLM
from textgrad.engine.kind import EngineKind
from textgrad.errors import UsageError, unknown

_PACKAGES = ("textgrad.engine", "textgrad.engine_experimental")


def get_engine(engine_name: str, *, offline: bool = False, **kwargs) -> EngineLM:
    """Return the engine of this name. It loads, starts and sends nothing before its first call.

    Args:
        engine_name: such as "gpt-4o", "ollama-llama3.1", "local-smollm2"; see `known_engines`.
        offline: True to only replay recorded replies: needs no key, model or package, and must not be called.
        **kwargs: options of the engine's class. Every engine takes `seed` (int) and `request_timeout` (seconds, ignored
            by engines that use no network); names that start with "experimental:" take `cache`.

    Raises:
        UsageError: no engine has this name, its key is missing, or an option is not allowed.
        BrokenSystem: the package that holds the model is missing.
    """
    full_name = _short_names().get(engine_name, engine_name)
    kind, model = _find(full_name)
    if "cache" in kwargs and not kind.takes_cache:
        raise UsageError(
            f"engine {engine_name} does not take cache=: use experimental:{engine_name}, or drop it, "
            f"since a run caches all replies in its call log"
        )
    seed, timeout = kwargs.pop("seed", None), kwargs.pop("request_timeout", None)
    engine = kind.make(model, **kwargs, **(kind.offline if offline else {}))
    if seed is not None:
        engine.sampling = replace(engine.sampling, seed=seed)
    if timeout is not None and kind.remote:
        engine.request_timeout = timeout
    return engine


def check_engine_name(name: str) -> None:
    """Check that an engine of this name could be called: its name is known, its key, files and packages are there.

    Imports none of these packages.

    Raises:
        UsageError: the name is unknown, or a key or file is missing.
        BrokenSystem: a package is missing.
    """
    engine = get_engine(name)
    if hasattr(engine, "check"):
        engine.check()


def known_engines() -> dict[str, str]:
    """Return example names, each with one phrase on what it reaches."""
    return {kind.example: kind.help for _, kind in declared_kinds()}


def validate_multimodal_engine(engine: EngineLM) -> None:
    """Check that an engine takes images.

    Raises:
        UsageError: it takes text only.
    """
    if not engine.is_multimodal:
        raise UsageError(
            f"engine {engine.model_string or type(engine).__name__} takes text only: choose one that accepts images, "
            f"such as gpt-4o, or pass is_multimodal=True if this one does"
        )


@functools.cache
def declared_kinds() -> tuple[tuple[str, EngineKind], ...]:
    """Return (module, kind) for each kind that a provider's file declares in `ENGINES`."""
    return tuple(
        (f"{package}.{module}", kind)
        for package in _PACKAGES
        for module, kinds in declared_in(package, "ENGINES")
        for kind in kinds
    )


@functools.cache
def _short_names() -> dict[str, str]:
    return {short: full for _, kind in declared_kinds() for short, full in kind.short_names.items()}


def _find(name: str) -> tuple[EngineKind, str]:
    """Return the kind and the model of an engine name: of all patterns that match, the most specific one."""
    matches = []
    for module, kind in declared_kinds():
        if match := re.fullmatch(kind.pattern, name):
            matches.append((match[1] or "" if match.re.groups else "", module, kind))
    if not matches:
        raise unknown("engine", name, {*known_engines(), *_short_names()})
    model, _, kind = min(matches, key=lambda found: len(found[0]))
    rivals = [module for other, module, _ in matches if len(other) == len(model)]
    if len(rivals) > 1:
        raise UsageError(f"engine name {name!r} is ambiguous: its pattern is declared in {' and in '.join(rivals)}")
    return kind, model
