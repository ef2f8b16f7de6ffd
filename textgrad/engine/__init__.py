"""Engines: language models behind one interface. `get_engine` finds them by name."""

from textgrad.engine.base import CachedEngine, EngineLM
from textgrad.engine.registry import check_engine_name, get_engine, known_engines, validate_multimodal_engine

__all__ = ["CachedEngine", "EngineLM", "check_engine_name", "get_engine", "known_engines", "validate_multimodal_engine"]
