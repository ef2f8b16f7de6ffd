"""What a chat server tells of itself, outside the chat protocol: product, version, context length, prefix caching."""

import re
from typing import Any

_CONTEXT_NAMES = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx", "n_ctx_train",
                  "inputTokenLimit")
_NOT_TOLD = "not told"


class ServerFacts:
    """Asks the places where common servers tell such things; each question may go unanswered.

    Args:
        engine: a `ChatOpenAI` whose server answers.
    """

    def __init__(self, engine):
        self._client = engine.client
        self._base = str(engine.client.base_url).rstrip("/")
        self._root = self._base.removesuffix("/v1")
        self._model = engine.model_string
        self._models = self._get(f"{self._base}/models")
        self._props = self._get(f"{self._root}/props")
        self._sglang = self._get(f"{self._root}/get_server_info") or self._get(f"{self._root}/server_info")

    def _get(self, url: str, kind: type = object) -> Any:
        """A page's JSON (or text), {} where there is none."""
        import openai
        try:
            found = self._client.get(url, cast_to=kind, options={"timeout": 5.0})
        except openai.OpenAIError:
            return {}
        return found if isinstance(found, dict if kind is object else kind) else {}

    def _entries(self) -> list[dict]:
        return [each for each in self._models.get("data") or [] if isinstance(each, dict)]

    def listed(self) -> str:
        """Whether the server's list of models has ours; a server of one model may answer under any name."""
        names = [each.get("id") for each in self._entries()]
        if not names:
            return _NOT_TOLD
        return "yes" if self._model in names else f"no, that has {len(names)} others"

    def context(self) -> str:
        """The longest request and reply together, in tokens."""
        own = [each for each in self._entries() if each.get("id") == self._model]
        props = self._props.get("default_generation_settings")
        for told in (props, self._sglang, *own, *(each.get("meta") for each in own)):
            for name in _CONTEXT_NAMES if isinstance(told, dict) else ():
                if isinstance(told.get(name), int):
                    return f"{told[name]} tokens"
        return _NOT_TOLD

    def product(self) -> str:
        """Who serves, in which version."""
        if self._props.get("build_info"):
            return f"llama.cpp {self._props['build_info']}"
        if version := self._sglang.get("version"):
            return f"SGLang {version}"
        if version := self._get(f"{self._root}/api/version").get("version"):
            return f"Ollama {version}"
        if version := self._get(f"{self._root}/version").get("version"):
            return f"vLLM {version}"
        owners = {each.get("owned_by") for each in self._entries()}
        return "llama.cpp" if "llamacpp" in owners else _NOT_TOLD

    def prefix_caching(self) -> str:
        """Whether the common beginning of requests is worked on once only."""
        if "disable_radix_cache" in self._sglang:
            return "no" if self._sglang["disable_radix_cache"] else "yes"
        metrics = self._get(f"{self._root}/metrics", str) or ""
        if found := re.search(r'enable_prefix_caching="(True|False)"', metrics):
            return "yes" if found[1] == "True" else "no"
        return _NOT_TOLD
