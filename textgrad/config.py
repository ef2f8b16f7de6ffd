"""The engine that criticizes and rewrites where none is named."""

from typing import Union

from textgrad.engine import EngineLM, get_engine
from textgrad.errors import UsageError

_HOW_TO = "pass engine=, or call set_backward_engine(...) first"


class SingletonBackwardEngine:
    """Holds the default engine; there is one holder in a process."""

    _instance = None

    def __new__(cls) -> "SingletonBackwardEngine":
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance.engine = None
        return cls._instance

    def set_engine(self, engine: EngineLM, override: bool = False) -> None:
        """Sets the default engine.

        Args:
            engine: the engine.
            override: True replaces another one that is set.

        Raises:
            UsageError: another one is set already.
        """
        if self.engine not in (None, engine) and not override:
            raise UsageError(f"the backward engine is already {describe(self.engine)}; set another with override=True")
        self.engine = engine

    def get_engine(self) -> EngineLM | None:
        """The default engine, or None."""
        return self.engine


def set_backward_engine(engine: Union[EngineLM, str], override: bool = False, **kwargs) -> None:
    """Sets the default engine.

    Args:
        engine: an engine or its name.
        override: True replaces another one that is set.
        **kwargs: for `get_engine`, with a name.

    Raises:
        UsageError: another one is set already; the name is unknown.
    """
    if isinstance(engine, str):
        engine = get_engine(engine, **kwargs)
    SingletonBackwardEngine().set_engine(engine, override=override)


def validate_engine_or_get_default(engine: EngineLM | str | None) -> EngineLM:
    """The engine that is meant.

    Args:
        engine: an engine, the name of one, or None for the default one.

    Raises:
        UsageError: None is given and no default is set; the name is unknown; it is something else.
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
    """The engine's class and model."""
    return f"{type(engine).__name__}({getattr(engine, 'model_string', '')!r})"
