"""What a chat server tells of itself, outside the chat protocol: product, version, context length, prefix caching."""

import importlib.metadata
import re
from typing import Any

_CONTEXT_NAMES = (
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "n_ctx",
    "n_ctx_train",
    "inputTokenLimit",
)
_NOT_TOLD = "not told"
_SHORT, _LONG = 200, 1200  # words of a prompt to ask twice; some services keep nothing below 1024 tokens


class ServerFacts:
    """Asks the places where common servers tell such things; each question may go unanswered.

    Args:
        engine: a `ChatOpenAI` whose server answers.
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
            return "it answers; the server lists no models"
        return "yes" if self._model in names else f"it answers; the server lists {len(names)} under other names"

    def context(self) -> str:
        """The longest request and reply together, in tokens."""
        own = [each for each in self._entries() if each.get("id") == self._model]
        props = self._props.get("default_generation_settings")
        for told in (props, self._sglang, *own, *(each.get("meta") for each in own), self._loaded()):
            for name in _CONTEXT_NAMES if isinstance(told, dict) else ():
                if isinstance(told.get(name), int):
                    return f"{told[name]} tokens"
        return _NOT_TOLD

    def _loaded(self) -> dict:
        """What Ollama has loaded under our name, which may lack its tag; its list of models does not tell a context."""
        loaded = self._get(f"{self._root}/api/ps").get("models") if self._ollama else None
        names = (self._model, f"{self._model}:latest")
        return next((each for each in loaded or [] if isinstance(each, dict) and each.get("name") in names), {})

    def product(self) -> str:
        """Who serves, in which version."""
        if build := self._props.get("build_info"):
            return f"llama.cpp {self._version_here() if build.endswith('unknown') else build}"
        if version := self._sglang.get("version"):
            return f"SGLang {version}"
        if self._ollama:
            return f"Ollama {self._ollama}"
        if version := self._get(f"{self._root}/version").get("version"):
            return f"vLLM {version}"
        owners = {each.get("owned_by") for each in self._entries()}
        return "llama.cpp" if "llamacpp" in owners else _NOT_TOLD

    def _version_here(self) -> str:
        """The embedded server's: the package tells it, as the server in it does not."""
        if not self._embedded:
            return "(version not told)"
        return f"of xllamacpp {importlib.metadata.version('xllamacpp')}"

    def prefix_caching(self) -> str:
        """Whether the common beginning of requests is worked on once only."""
        if "disable_radix_cache" in self._sglang:
            return "no" if self._sglang["disable_radix_cache"] else "yes"
        metrics = self._get(f"{self._root}/metrics", str) or ""
        if found := re.search(r'enable_prefix_caching="(True|False)"', metrics):
            return "yes" if found[1] == "True" else "no"
        if self._ollama:
            return "yes, as always with Ollama"
        return self._seen_caching()

    def _seen_caching(self) -> str:
        """What the counts of a request that is sent twice tell: how much of it was worked on already."""
        import openai

        words = "seventy " * (_SHORT if self._props else _LONG)
        limit = "max_completion_tokens" if "max_tokens" in self._dropped else "max_tokens"
        body = {"model": self._model, "messages": [{"role": "user", "content": words}], limit: 16}
        try:
            usage = [self._client.post("/chat/completions", cast_to=object, body=body) for _ in range(2)][1]["usage"]
            kept, asked = usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]
        except (openai.OpenAIError, KeyError, TypeError):
            return _NOT_TOLD
        return f"yes ({kept} of {asked} tokens when asked again)" if kept else "no: what is asked again is read anew"
