"""Servers that implement OpenAI's chat protocol, each with its own environment variables."""

import os
from collections.abc import Mapping

from textgrad.engine.base import EngineLM
from textgrad.engine.kind import EngineKind
from textgrad.engine.openai import ChatOpenAI


def openai_compatible(
    prefix: str, *, variables: str, default_url: str, example: str, short_names: Mapping[str, str] | None = None
) -> EngineKind:
    """Return the engine kind of one server product.

    Args:
        prefix: prefix of the engine names, such as "ollama-"; the rest is the model's name at the server.
        variables: prefix of the environment variables, such as "OLLAMA" for OLLAMA_BASE_URL and OLLAMA_API_KEY.
        default_url: default base URL.
        example: a valid engine name.
        short_names: full engine name by abbreviation.
    """

    def make(model: str, **options) -> EngineLM:
        options.setdefault("base_url", os.environ.get(f"{variables}_BASE_URL") or default_url)
        return ChatOpenAI(model, key_name=f"{variables}_API_KEY", **options)

    return EngineKind(
        pattern=rf"{prefix}(.+)",
        make=make,
        example=example,
        help=f"{variables}_BASE_URL, default {default_url}",
        offline={"api_key": "offline"},
        short_names=short_names or {},
    )
