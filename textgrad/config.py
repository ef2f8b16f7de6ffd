"""The default backward engine, which criticizes and rewrites."""

from typing import Union

from textgrad.engine import EngineLM, get_engine
from textgrad.errors import UsageError

_HOW_TO = "pass engine=, or call set_backward_engine(...) first"


class SingletonBackwardEngine:
    """Process-wide holder of the default engine."""

    _instance: "SingletonBackwardEngine | None" = None
    engine: EngineLM | None = None

    def __new__(cls) -> "SingletonBackwardEngine":
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def set_engine(self, engine: EngineLM, override: bool = False) -> None:
        """Set the default engine.

        Args:
            engine: the engine.
            override: True replaces an engine that is already set.

        Raises:
            UsageError: another engine is already set.
        """
        if self.engine not in (None, engine) and not override:
            raise UsageError(
                f"the backward engine is already {describe(self.engine)}; pass override=True to replace it"
            )
        self.engine = engine

    def get_engine(self) -> EngineLM | None:
        """Return the default engine, or None."""
        return self.engine


def set_backward_engine(engine: Union[EngineLM, str], override: bool = False, **kwargs) -> None:
    """Set the default engine.

    Args:
        engine: an engine or its name.
        override: True replaces an engine that is already set.
        **kwargs: passed to `get_engine` if a name is given.

    Raises:
        UsageError: another engine is already set, or the name is unknown.
    """
    if isinstance(engine, str):
        engine = get_engine(engine, **kwargs)
    SingletonBackwardEngine().set_engine(engine, override=override)


def validate_engine_or_get_default(engine: EngineLM | str | None) -> EngineLM:
    """Return the given engine or the default one.

    Args:
        engine: an engine, its name, or None for the default.

    Raises:
        UsageError: None is given and no default is set; the name is unknown; the value is not an engine.
    """
    if engine is None:
        engine = SingletonBackwardEngine().get_engine()
        if engine is None:
            raise UsageError(f"no engine: {_HOW_TO}")
    elif isinstance(engine, str):
        engine = get_engine(engine)
    if not callable(engine):
        raise UsageError(f"an engine must be an EngineLM or an engine's name, not {type(engine).__name__}; {_HOW_TO}")
    return engine


def describe(engine: EngineLM) -> str:
    """Return the engine's class and model name."""
    return f"{type(engine).__name__}({getattr(engine, 'model_string', '')!r})"
