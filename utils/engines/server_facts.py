"""Facts that chat servers report outside the chat protocol: product, version, context length, prefix caching."""

import importlib.metadata
import re
from typing import Any

from textgrad.numbers import Bounds

_CONTEXT_NAMES = (
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "n_ctx",
    "n_ctx_train",
    "inputTokenLimit",
)
_CONTEXT = Bounds(int, 1, 10**9)  # tokens
_UNKNOWN, _OPENVINO = "unknown", "OpenVINO GenAI"
_SHORT, _LONG = 200, 1200  # words of a repeated prompt; some services cache nothing below 1024 tokens


class ServerFacts:
    """Queries the URLs at which common servers report facts; any of them may be missing.

    Args:
        engine: a `ChatOpenAI` whose server responds.
    """

    def __init__(self, engine):
        self._client, self._dropped = engine.client, getattr(engine, "dropped", ())
        self._embedded = engine.endpoint.startswith("local:")
        self._base = str(engine.client.base_url).rstrip("/")
        self._root = self._base.removesuffix("/v1")
        self._model = engine.model_string
        self._models = self._get(f"{self._base}/models")
        self._props = self._get(f"{self._root}/props")
        self._sglang = self._get(f"{self._root}/get_server_info") or self._get(f"{self._root}/server_info")
        self._ollama = self._get(f"{self._root}/api/version").get("version")

    def _get(self, url: str, kind: type = object) -> Any:
        """Return the JSON (or text) at a URL, or {}."""
        import openai

        try:
            found = self._client.get(url, cast_to=kind, options={"timeout": 5.0})
        except openai.OpenAIError:
            return {}
        return found if isinstance(found, dict if kind is object else kind) else {}

    def _entries(self) -> list[dict]:
        return [each for each in self._models.get("data") or [] if isinstance(each, dict)]

    def listed(self) -> str:
        """Return whether the server lists the model. A server of a single model may respond to any name."""
        names = [each.get("id") for each in self._entries()]
        if not names:
            return "it responds; the server lists no models"
        return "yes" if self._model in names else f"it responds; the server lists {len(names)} under other names"

    def context(self) -> str:
        """Return the context length in tokens: request and reply together."""
        own = [each for each in self._entries() if each.get("id") == self._model]
        props = self._props.get("default_generation_settings")
        for source in (props, self._sglang, *own, *(each.get("meta") for each in own), self._loaded()):
            for name in _CONTEXT_NAMES if isinstance(source, dict) else ():
                if type(source.get(name)) is int and source[name] in _CONTEXT:
                    return f"{source[name]} tokens"
        return _UNKNOWN

    def _loaded(self) -> dict:
        """Return what Ollama reports of the loaded model: its list of models has no context lengths."""
        loaded = self._get(f"{self._root}/api/ps").get("models") if self._ollama else None
        names = (self._model, f"{self._model}:latest")
        return next((each for each in loaded or [] if isinstance(each, dict) and each.get("name") in names), {})

    def product(self) -> str:
        """Return the server software and its version."""
        if build := self._props.get("build_info"):
            return f"llama.cpp {self._version_here() if build.endswith('unknown') else build}"
        if version := self._sglang.get("version"):
            return f"SGLang {version}"
        if self._ollama:
            return f"Ollama {self._ollama}"
        if version := self._get(f"{self._root}/version").get("version"):
            return f"vLLM {version}"
        owners = {str(each.get("owned_by")) for each in self._entries()}
        if version := next((owner for owner in owners if owner.startswith(_OPENVINO)), None):
            return version
        return "llama.cpp" if "llamacpp" in owners else _UNKNOWN

    def _version_here(self) -> str:
        """Return the version of the embedded server, which only its package knows."""
        if not self._embedded:
            return "(unknown version)"
        return f"of xllamacpp {importlib.metadata.version('xllamacpp')}"

    def prefix_caching(self) -> str:
        """Return whether the server caches common beginnings of requests."""
        if "disable_radix_cache" in self._sglang:
            return "no" if self._sglang["disable_radix_cache"] else "yes"
        metrics = self._get(f"{self._root}/metrics", str) or ""
        if found := re.search(r'enable_prefix_caching="(True|False)"', metrics):
            return "yes" if found[1] == "True" else "no"
        if self._ollama:
            return "yes, always in Ollama"
        if self.product().startswith(_OPENVINO):
            return f"yes, always in {_OPENVINO} here"
        return self._measured_caching()

    def _measured_caching(self) -> str:
        """Send a request twice, and return what the second response counts as cached."""
        import openai

        words = "seventy " * (_SHORT if self._props else _LONG)
        limit = "max_completion_tokens" if "max_tokens" in self._dropped else "max_tokens"
        body = {"model": self._model, "messages": [{"role": "user", "content": words}], limit: 16}
        try:
            usage = [self._client.post("/chat/completions", cast_to=object, body=body) for _ in range(2)][1]["usage"]
            cached, total = usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]
        except (openai.OpenAIError, KeyError, TypeError):
            return _UNKNOWN
        return f"yes ({cached} of {total} tokens of a repeated request)" if cached else "no"
