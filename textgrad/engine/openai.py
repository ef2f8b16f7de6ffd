"""Every endpoint that implements OpenAI's chat protocol: OpenAI, Azure, vLLM, SGLang, Ollama, ..."""

import os
import re
import threading
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textgrad.cache import cache_folder
from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, CachedEngine, ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.protocol.address import (
    NO_KEY,
    basic_auth,
    credentials,
    find_key,
    is_local,
    split_base_url,
    without_credentials,
)
from textgrad.engine.protocol.errors import ApiError, NoResponse, RequestContext, connection_error, read_response
from textgrad.engine.protocol.messages import (
    SYSTEM_MOVED,
    prompt_tokens,
    read_completion,
    wire_messages,
    with_system_in_user,
)
from textgrad.errors import BrokenSystem, UsageError
from textgrad.packages import require_package
from textgrad.text import normalize

OPENAI_URL = "https://api.openai.com/v1"
_MAX_ADJUSTMENTS = 8  # of one request, after refused parameters
_SHORTEST_KEY = 8  # a shorter key may occur in a reply by chance
_TEXT_ONLY = re.compile(r"gpt-3\.5.*|gpt-35.*|gpt-4(-\d.*|-32k.*)?|o1-mini.*|o1-preview.*|o3-mini.*|gpt-oss.*")


class ChatOpenAI(ChatEngine, CachedEngine):
    """A chat model at an OpenAI-compatible endpoint. Nothing is sent or imported before the first call.

    Args:
        model_string: name of the model at the endpoint.
        system_prompt: default system prompt.
        is_multimodal: True if the model accepts images.
        base_url: base URL; default: OPENAI_BASE_URL, BASE_URL, or OpenAI's own.
        api_key: default: the environment variable `key_name`. Optional for http and for servers on this machine.
        key_name: environment variable of the API key.
        seed: default sampling seed.
        request_timeout: seconds to wait for a response, > 0.

    Attributes:
        dropped: parameters that the endpoint does not support, or "system" for the system role, learned from its error
            messages. Later requests omit them; `max_tokens` becomes `max_completion_tokens`.

    Raises:
        UsageError: the API key is missing, or the base URL is invalid.
    """

    DEFAULT_SYSTEM_PROMPT = DEFAULT_SYSTEM_PROMPT

    def __init__(
        self,
        model_string: str = "gpt-3.5-turbo-0613",
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = False,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        key_name: str = "OPENAI_API_KEY",
        seed: int | None = None,
        request_timeout: float = 120.0,
    ):
        CachedEngine.__init__(self, user_cache(f"cache_openai_{model_string}"))
        self.model_string, self.system_prompt, self.is_multimodal = model_string, system_prompt, is_multimodal
        given = base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("BASE_URL") or OPENAI_URL
        given = normalize(given).strip()
        self._address, self._query = split_base_url(given)
        self._secrets = credentials(given)
        self.base_url = self.endpoint = without_credentials(self._address)
        self.key_name, self._key = key_name, find_key(api_key, key_name, self.endpoint)
        self.request_timeout = request_timeout
        self.sampling = replace(self.sampling, seed=seed)
        self.dropped: set[str] = set()
        self._lock = threading.Lock()
        self._client: Any = None  # the caller's, or ours for callers of `client`
        self._transport: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model_string!r}, endpoint={self.endpoint!r})"

    @property
    def client(self) -> Any:
        """An `openai` client of the endpoint, created at the first use. If it is set, it sends all requests."""
        if self._client is None:
            require_package("openai")
            import openai

            from textgrad.engine.protocol.transport import proxy_of

            http_client = openai.DefaultHttpxClient(trust_env=False, proxy=proxy_of(self._address))
            options = {"max_retries": 0, "timeout": self.request_timeout, "http_client": http_client}
            self._client = self._make_client(openai, options)
        return self._client

    @client.setter
    def client(self, client: Any) -> None:
        from textgrad.engine.protocol.transport import ClientTransport

        self._client, self._transport = client, ClientTransport(client) if client else None

    @property
    def sends_key_in_the_clear(self) -> bool:
        """True if an API key or password is sent to another machine over plain http."""
        secret = self._key != NO_KEY or "@" in urllib.parse.urlsplit(self._address).netloc
        return secret and self._address.startswith("http://") and not is_local(self._address)

    def check(self) -> None:
        """Check the proxy and the certificates that the environment sets.

        Raises:
            UsageError: one of them is unusable.
        """
        self._connect()

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply to chat messages. If the endpoint refuses a parameter, send the request again without it."""
        wire = wire_messages(messages, self.is_multimodal, self.model_string)
        refused_system: ApiError | None = None  # perhaps; the next request, without a system message, decides
        for _ in range(_MAX_ADJUSTMENTS):
            request = self._request(with_system_in_user(wire) if refused_system else wire, sampling)
            response = self._send(request)
            if not isinstance(response, ApiError):
                reply = read_completion(response, wire)
                text = self._context().without_secrets(reply.text, _SHORTEST_KEY)
                remarks = (*reply.remarks, *self._learn(refused_system))
                return replace(reply, text=text, remarks=tuple(map(self._named, remarks)))
            if response.filtered:
                return Reply("", "content_filter", prompt_tokens(wire), 0)
            room = response.room_for_reply()
            if (refused := response.refused_parameter(request)) == "system":
                refused_system = response
            elif refused:
                self.dropped.add(refused)
            elif room and room < sampling.max_tokens:
                sampling = replace(sampling, max_tokens=room)
            else:
                raise response.error(self._context())
        raise BrokenSystem(f"engine {self.model_string} at {self.endpoint} keeps refusing parameters")

    def _learn(self, refused_system: ApiError | None) -> Iterator[str]:
        """Send no more system messages, after a request without one was answered, and yield what to tell the user."""
        if refused_system:
            self.dropped.add("system")
            yield SYSTEM_MOVED.format(self._context().line(refused_system.message))

    def _named(self, remark: str) -> str:
        return f"{self.model_string} at {self.endpoint}: {remark}"

    def _request(self, messages: list[dict[str, Any]], sampling: Sampling) -> dict[str, Any]:
        if "system" in self.dropped:
            messages = with_system_in_user(messages)
        request = {
            "model": self.model_string,
            "messages": messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        }
        if "max_tokens" in self.dropped:
            request["max_completion_tokens"] = sampling.max_tokens
        if sampling.seed is not None:
            request["seed"] = sampling.seed
        return {name: value for name, value in request.items() if name not in self.dropped}

    def _send(self, request: dict[str, Any]) -> dict[str, Any] | ApiError:
        """Send one request and return the JSON object of the response, or the error that it reports.

        Raises:
            TransientError, BrokenSystem: there is no complete response.
        """
        try:
            response = (self._transport or self._connect()).post(request)
        except NoResponse as error:
            failure = connection_error(error, self._context(), self.request_timeout)
        else:
            return read_response(response.status, response.headers, response.text)
        raise failure  # outside of the handler, so that a chained traceback contains no key

    def _connect(self) -> Any:
        """Return the transport, created at the first use."""
        from textgrad.engine.protocol.transport import UrllibTransport

        with self._lock:
            if self._transport is None:
                self._transport = UrllibTransport(self._chat_url(), self._headers(), self.request_timeout)
            return self._transport

    def _chat_url(self) -> str:
        return f"{self.base_url}/chat/completions" + (f"?{self._query}" if self._query else "")

    def _headers(self) -> dict[str, str]:
        headers = {"Authorization": basic_auth(self._address) or f"Bearer {self._key}"}
        names = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}
        return headers | {header: os.environ[name] for header, name in names.items() if os.environ.get(name)}

    def _context(self) -> RequestContext:
        secrets = {self._key, *self._secrets} - {"", NO_KEY}
        return RequestContext(self.model_string, self.endpoint, self.key_name, tuple(secrets))

    def _make_client(self, openai: Any, options: dict[str, Any]) -> Any:
        query = dict(urllib.parse.parse_qsl(self._query))
        return openai.OpenAI(api_key=self._key, base_url=self._address, default_query=query, **options)


class AzureChatOpenAI(ChatOpenAI):
    """A deployment at Azure OpenAI, configured by AZURE_OPENAI_API_BASE, _KEY and _VERSION.

    Args:
        model_string: name of the deployment.
        system_prompt, **kwargs: as for `ChatOpenAI`.

    Raises:
        UsageError: an environment variable is not set.
    """

    def __init__(self, model_string: str = "gpt-35-turbo", system_prompt: str = DEFAULT_SYSTEM_PROMPT, **kwargs):
        base = os.environ.get("AZURE_OPENAI_API_BASE")
        if not base:
            raise UsageError("no endpoint for Azure: set AZURE_OPENAI_API_BASE to https://<resource>.openai.azure.com")
        base = re.sub(r"/openai/deployments/[^?]*", "", base)  # of the target URL that the portal shows
        super().__init__(model_string, system_prompt, base_url=base, key_name="AZURE_OPENAI_API_KEY", **kwargs)
        self.cache_path = user_cache(f"cache_azure_{model_string}")
        in_url = dict(urllib.parse.parse_qsl(self._query)).get("api-version")
        version = os.environ.get("AZURE_OPENAI_API_VERSION") or in_url or "2024-10-21"
        self.api_version = normalize(version).strip()

    def _chat_url(self) -> str:
        deployment = urllib.parse.quote(self.model_string, safe="")
        version = urllib.parse.urlencode({"api-version": self.api_version})
        return f"{self.base_url}/openai/deployments/{deployment}/chat/completions?{version}"

    def _headers(self) -> dict[str, str]:
        return {"api-key": self._key}

    def _make_client(self, openai: Any, options: dict[str, Any]) -> Any:
        return openai.AzureOpenAI(
            api_key=self._key,
            api_version=self.api_version,
            azure_endpoint=self._address,
            azure_deployment=self.model_string,
            **options,
        )


def user_cache(name: str) -> Path:
    """Return a path in the user's cache folder, without creating it."""
    return cache_folder() / re.sub(r"[^\w.-]", "_", name)


def _make_openai(model: str, **options) -> ChatOpenAI:
    options.setdefault("is_multimodal", not _TEXT_ONLY.fullmatch(model))
    return ChatOpenAI(model, **options)


_OPENAI_HELP = "OPENAI_API_KEY; OPENAI_BASE_URL or BASE_URL"
_ANY_KEY = {"api_key": "offline"}
ENGINES = (
    EngineKind(r"((?:gpt|chatgpt)-.+|o\d.*)", _make_openai, "gpt-4o", _OPENAI_HELP, offline=_ANY_KEY),
    EngineKind(r"openai-(.+)", _make_openai, "openai-my-model", _OPENAI_HELP, offline=_ANY_KEY),
    EngineKind(
        r"azure-(.+)", AzureChatOpenAI, "azure-gpt-4o", "AZURE_OPENAI_API_BASE, _KEY, _VERSION", offline=_ANY_KEY
    ),
)
