"""Names of engines: one table, from what a user writes to the class that answers."""

import importlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from textgrad.engine.base import EngineLM
from textgrad.errors import UsageError, unknown

_SHORT_NAMES = {
    "opus": "claude-3-opus-20240229",
    "haiku": "claude-3-haiku-20240307",
    "sonnet": "claude-3-sonnet-20240229",
    "sonnet-3.5": "claude-3-5-sonnet-20240620",
    "together-llama-3-70b": "together-meta-llama/Llama-3-70b-chat-hf",
    "vllm-llama-3-8b": "vllm-meta-llama/Meta-Llama-3-8B-Instruct",
    "vllm-api-llama3": "vllm-api-meta-llama/Meta-Llama-3-8B-Instruct",
    "vllm-api-llama3.1": "vllm-api-meta-llama/Meta-Llama-3.1-8B-Instruct",
}
_TEXT_ONLY = re.compile(r"gpt-3\.5.*|gpt-35.*|gpt-4(-\d.*|-32k.*)?|o1-mini.*|o1-preview.*|o3-mini.*|gpt-oss.*")


@dataclass(frozen=True)
class _Kind:
    """A family of engine names.

    Attributes:
        pattern: matches the whole name; its group is what the factory is given.
        make: the factory.
        example: a name, for messages and help.
        what: one phrase for help.
        remote: True when it is reached over a network, so that timeouts and connections matter.
        offline: options with which it can be made where there is no key and no model.
    """

    pattern: str
    make: Callable[..., EngineLM]
    example: str
    what: str
    remote: bool = True
    offline: dict[str, Any] = field(default_factory=dict)


def _cls(module: str, name: str) -> Callable[..., EngineLM]:
    """A factory that imports its class only when it is called. `module` is relative to this package."""

    def make(model: str, **options) -> EngineLM:
        return getattr(importlib.import_module(module, __package__), name)(model, **options)

    return make


def _openai(model: str, **options) -> EngineLM:
    options.setdefault("is_multimodal", not _TEXT_ONLY.fullmatch(model))
    return _cls(".openai", "ChatOpenAI")(model, **options)


def _server(prefix: str, default_url: str) -> Callable[..., EngineLM]:
    """A factory for a kind of server with a base URL and a key of its own."""

    def make(model: str, **options) -> EngineLM:
        options.setdefault("base_url", os.environ.get(f"{prefix}_BASE_URL") or default_url)
        return _cls(".openai", "ChatOpenAI")(model, key_name=f"{prefix}_API_KEY", **options)

    return make


_litellm = _cls(".litellm", "ChatLiteLLM")
_experimental = _cls("..engine_experimental.litellm", "LiteLLMEngine")
_ANY_KEY = {"api_key": "offline"}
_KINDS = (
    _Kind(
        r"simulated(?::(.*))?", _cls(".simulated", "SimulatedEngine"), "simulated", "a deterministic stand-in", False
    ),
    _Kind(
        r"local-(.+)",
        _cls(".local", "LocalEngine"),
        "local-smollm2",
        "llama.cpp in this program: local-smollm2 or local-<file.gguf>",
        False,
        {"offline": True},
    ),
    _Kind(
        r"ollama-(.+)",
        _server("OLLAMA", "http://localhost:11434/v1"),
        "ollama-llama3.1",
        "OLLAMA_BASE_URL, else http://localhost:11434/v1",
        offline=_ANY_KEY,
    ),
    _Kind(
        r"vllm-api-(.+)",
        _server("VLLM", "http://localhost:8000/v1"),
        "vllm-api-llama3.1",
        "VLLM_BASE_URL, else http://localhost:8000/v1",
        offline=_ANY_KEY,
    ),
    _Kind(r"vllm-(.+)", _cls(".vllm", "ChatVLLM"), "vllm-llama-3-8b", "vLLM in this program", False),
    _Kind(
        r"sglang-(.+)",
        _server("SGLANG", "http://localhost:30000/v1"),
        "sglang-llama3.1",
        "SGLANG_BASE_URL, else http://localhost:30000/v1",
        offline=_ANY_KEY,
    ),
    _Kind(
        r"azure-(.+)",
        _cls(".openai", "AzureChatOpenAI"),
        "azure-gpt-4o",
        "AZURE_OPENAI_API_BASE, _KEY, _VERSION",
        offline=_ANY_KEY,
    ),
    _Kind(r"experimental:(.+)", _experimental, "experimental:claude-sonnet-4-5", "LiteLLM, with TextGrad's cache="),
    _Kind(r"litellm-(.+)", _litellm, "litellm-mistral/mistral-small-latest", "LiteLLM: litellm-<provider/model>"),
    _Kind(r"(claude-.+)", _cls(".anthropic", "ChatAnthropic"), "claude-sonnet-4-5", "LiteLLM, ANTHROPIC_API_KEY"),
    _Kind(r"(gemini-.+)", _cls(".gemini", "ChatGemini"), "gemini-2.5-flash", "LiteLLM, GEMINI_API_KEY"),
    _Kind(r"together-(.+)", _cls(".together", "ChatTogether"), "together-llama-3-70b", "LiteLLM, TOGETHER_API_KEY"),
    _Kind(r"groq-(.+)", _cls(".groq", "ChatGroq"), "groq-llama-3.1-8b-instant", "LiteLLM, GROQ_API_KEY"),
    _Kind(r"(command(?:-.+)?)", _cls(".cohere", "ChatCohere"), "command-r-plus", "LiteLLM, COHERE_API_KEY"),
    _Kind(
        r"openai-(.+)", _openai, "openai-<any model>", "OPENAI_API_KEY; OPENAI_BASE_URL or BASE_URL", offline=_ANY_KEY
    ),
    _Kind(
        r"((?:gpt|chatgpt)-.+|o\d.*)",
        _openai,
        "gpt-4o",
        "OPENAI_API_KEY; OPENAI_BASE_URL or BASE_URL",
        offline=_ANY_KEY,
    ),
)


def get_engine(engine_name: str, *, offline: bool = False, **kwargs) -> EngineLM:
    """The engine of a name. Nothing is loaded, started or sent before its first call.

    Args:
        engine_name: such as "gpt-4o", "ollama-llama3.1", "local-smollm2"; see `known_engines`.
        offline: True to only replay kept replies: no key, model or package is needed, and it must not be asked.
        **kwargs: options of the engine's class. For every engine: `seed` (int); `request_timeout` (seconds),
            which only matters to those behind a network; for "experimental:" ones `cache`.

    Raises:
        UsageError: no engine has this name, its key is missing, or an option cannot be.
        BrokenSystem: a package that holds the model is missing.
    """
    kind, model = _kind_of(_SHORT_NAMES.get(engine_name, engine_name))
    if "cache" in kwargs and kind.make is not _experimental:
        raise UsageError(
            f"engine {engine_name}: cache= is for names like experimental:{engine_name}; "
            f"a run keeps its replies in its call log anyway"
        )
    seed, timeout = kwargs.pop("seed", None), kwargs.pop("request_timeout", None)
    engine = kind.make(model, **kwargs, **(kind.offline if offline else {}))
    if seed is not None:
        engine.sampling = replace(engine.sampling, seed=seed)
    if timeout is not None and kind.remote:
        engine.request_timeout = timeout
    return engine


def _kind_of(name: str) -> tuple[_Kind, str]:
    for kind in _KINDS:
        if found := re.fullmatch(kind.pattern, name):
            return kind, found[1] or ""
    raise unknown("engine", name, {*(kind.example for kind in _KINDS), *_SHORT_NAMES})


def check_engine_name(name: str) -> None:
    """Passes when an engine of this name could be asked: the name is known, its key, files and packages are there.

    Imports none of them.

    Raises:
        UsageError, BrokenSystem: it could not; says why in one line.
    """
    engine = get_engine(name)
    if hasattr(engine, "check"):
        engine.check()


def known_engines() -> dict[str, str]:
    """Examples of names, each with one phrase on what it is, for help texts."""
    return {kind.example: kind.what for kind in _KINDS}


def validate_multimodal_engine(engine: EngineLM) -> None:
    """Passes when an engine takes images.

    Raises:
        UsageError: it does not.
    """
    if not engine.is_multimodal:
        raise UsageError(
            f"engine {engine.model_string or type(engine).__name__} takes text only: choose one that sees "
            f"images, such as gpt-4o, or pass is_multimodal=True if it does"
        )
