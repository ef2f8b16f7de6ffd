"""One class for every endpoint that speaks OpenAI's chat protocol: OpenAI, Azure, vLLM, SGLang, Ollama, ..."""

import errno
import http.client
import ipaddress
import os
import re
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, CachedEngine, ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.protocol.errors import ApiError, RequestContext, read_response
from textgrad.engine.protocol.messages import prompt_tokens, read_completion, wire_messages, with_system_in_user
from textgrad.engine.protocol.transport import Answer, Line, http_library
from textgrad.errors import BrokenSystem, TransientError, UsageError
from textgrad.packages import require_package

OPENAI_URL = "https://api.openai.com/v1"
_NO_KEY = "none"  # the client library wants some key, also for servers that ask for none
_CONNECT_TIMEOUT = 15.0
_MOST_MENDINGS = 8
_SHORTEST_KEY = 8  # a shorter one may stand in a reply by chance
_TEXT_ONLY = re.compile(r"gpt-3\.5.*|gpt-35.*|gpt-4(-\d.*|-32k.*)?|o1-mini.*|o1-preview.*|o3-mini.*|gpt-oss.*")
_NOBODY_THERE = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH)


class ChatOpenAI(ChatEngine, CachedEngine):
    """A chat model behind an OpenAI-compatible endpoint. Nothing is sent or imported before the first call.

    Args:
        model_string: the model's name at the endpoint.
        system_prompt: used when a call brings none.
        is_multimodal: True when the model takes images.
        base_url: of the endpoint; else OPENAI_BASE_URL, BASE_URL, or OpenAI's own.
        api_key: else the environment variable `key_name`. May be missing for http and for this machine.
        key_name: an environment variable.
        request_timeout: seconds to wait for an answer, > 0.

    Attributes:
        dropped: what the endpoint refused to take, learned from its answers: names of parameters, or "system" for the
            system role. It is left out of later requests; `max_tokens` becomes `max_completion_tokens`.

    Raises:
        UsageError: no key, or no usable base URL.
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
        self._address = (
            base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("BASE_URL") or OPENAI_URL
        ).strip()
        self.base_url = self.endpoint = _without_credentials(self._address)
        self.key_name, self._key = key_name, _key(api_key, key_name, self.endpoint)
        self.request_timeout = request_timeout
        self.sampling = replace(self.sampling, seed=seed)
        self.dropped: set[str] = set()
        self._connecting = threading.Lock()
        self._client: Any = None
        self._line: Line | None = None  # of a client that is ours

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model_string!r}, endpoint={self.endpoint!r})"

    @property
    def client(self):
        """The `openai` client, made at the first use."""
        if self._client is None:
            with self._connecting:
                if self._client is None:
                    require_package("openai")
                    import openai

                    self._client = self._make_client(openai)
        return self._client

    @client.setter
    def client(self, client) -> None:
        self._client, self._line = client, None

    @property
    def sends_key_in_the_clear(self) -> bool:
        """True when a key, or a password in the address, goes over plain http to another machine."""
        secret = self._key != _NO_KEY or "@" in urllib.parse.urlsplit(self._address).netloc
        return secret and self._address.startswith("http://") and not is_local(self._address)

    def check(self) -> None:
        """Passes when what this engine needs is installed.

        Raises:
            BrokenSystem: it is not.
        """
        require_package("openai")

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages; asked again at once where the endpoint only refused a parameter."""
        wire = wire_messages(messages, self.is_multimodal, self.model_string)
        for _ in range(_MOST_MENDINGS):
            request = self._request(wire, sampling)
            answer = self._exchange(request)
            if not isinstance(answer, ApiError):
                reply = read_completion(answer, wire)
                return replace(reply, text=self._asked().without_secrets(reply.text, _SHORTEST_KEY))
            if answer.filtered:
                return Reply("", "content_filter", prompt_tokens(wire), 0)
            room = answer.room_for_reply()
            if refused := answer.refused_parameter(request):
                self.dropped.add(refused)
            elif room and room < sampling.max_tokens:
                sampling = replace(sampling, max_tokens=room)
            else:
                break
        raise answer.error(self._asked())

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

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any] | ApiError:
        """Sends one request and reads what comes back.

        Raises:
            TransientError, BrokenSystem: nothing came back, or nothing that can be read.
        """
        line = self.client and self._line  # made with the client
        import openai

        try:
            answer = line.send(request, self._post) if line else self._post(request)
        except openai.APIStatusError as error:
            answer = _answer_of(error.response)
        except (openai.APIConnectionError, OSError, http.client.HTTPException) as error:
            answer = lost_call(error, self._asked(), self.request_timeout)
        if isinstance(answer, Exception):  # raised here, so that no key hides in a chained traceback
            raise answer
        return read_response(answer.status, answer.headers, answer.text)

    def _post(self, request: Mapping[str, Any]) -> Answer:
        """Sends a request through the `openai` client, by the way that it offers for endpoints it does not know.

        `create` takes twice the processor time, for types we know of a request and an answer we read ourselves.
        """
        import openai

        return _answer_of(self.client.post("/chat/completions", body=request, cast_to=http_library(openai).Response))

    def _asked(self) -> RequestContext:
        user = urllib.parse.urlsplit(self._address)
        parts = [part for part in (user.password, user.username) if part and (part is user.password or len(part) >= 4)]
        secrets = {self._key, *parts, *map(urllib.parse.unquote, parts)} - {"", _NO_KEY}
        return RequestContext(self.model_string, self.endpoint, self.key_name, tuple(secrets))

    def _make_client(self, openai):
        return openai.OpenAI(api_key=self._key, base_url=self._address, **self._transport(openai))

    def _transport(self, openai) -> dict[str, Any]:
        """How to connect. The limiter retries, so the client must not."""
        timeout = openai.Timeout(self.request_timeout, connect=min(_CONNECT_TIMEOUT, self.request_timeout))
        self._line = Line(openai, self._address, timeout, is_local(self._address))
        return {"max_retries": 0, "timeout": timeout, "http_client": self._line.http_client}


class AzureChatOpenAI(ChatOpenAI):
    """A deployment at Azure OpenAI, found through AZURE_OPENAI_API_BASE, _KEY and _VERSION.

    Args:
        model_string: the deployment's name.
        system_prompt, **kwargs: as of `ChatOpenAI`.

    Raises:
        UsageError: a variable is missing.
    """

    def __init__(self, model_string: str = "gpt-35-turbo", system_prompt: str = DEFAULT_SYSTEM_PROMPT, **kwargs):
        base = os.environ.get("AZURE_OPENAI_API_BASE")
        if not base:
            raise UsageError("no endpoint for Azure: set AZURE_OPENAI_API_BASE to https://<resource>.openai.azure.com")
        super().__init__(model_string, system_prompt, base_url=base, key_name="AZURE_OPENAI_API_KEY", **kwargs)
        self.cache_path = user_cache(f"cache_azure_{model_string}")
        self.api_version = os.environ.get("AZURE_OPENAI_API_VERSION") or "2024-10-21"

    def _make_client(self, openai):
        return openai.AzureOpenAI(
            api_key=self._key,
            api_version=self.api_version,
            azure_endpoint=self._address,
            azure_deployment=self.model_string,
            **self._transport(openai),
        )


def is_local(url: str) -> bool:
    """True when a URL leads to this machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _answer_of(response) -> Answer:
    """What the `openai` client's HTTP library received."""
    return Answer(response.status_code, response.headers, response.content)


def lost_call(error: BaseException, asked: RequestContext, timeout: float) -> Exception:
    """Our error for a request that got no answer.

    Args:
        error: the client's.
        asked: who was asked.
        timeout: seconds that were waited.
    """
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    names = {type(cause).__name__ for cause in causes}
    told = asked.line(next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return BrokenSystem(f"engine {asked.name} at {asked.endpoint}: its certificate is not trusted: {told}")
    if names & {"ConnectTimeout", "NoConnection"}:
        return TransientError("no connection in time", refused=True)
    if names & {"APITimeoutError", "TimeoutError"}:
        return TransientError(f"no answer within {timeout:g} s")
    nobody = any(
        isinstance(cause, socket.gaierror) or getattr(cause, "errno", None) in _NOBODY_THERE for cause in causes
    )
    return TransientError(told if nobody else f"the connection was lost: {told}", refused=nobody)


def _without_credentials(url: str) -> str:
    """The URL for people and files.

    Raises:
        UsageError: it is no http URL.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"base URL {url.rpartition('@')[2]!r} is none: it must be like http://localhost:8000/v1")
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")).rstrip("/")


def _key(given: str | None, name: str, endpoint: str) -> str:
    key = (given or os.environ.get(name) or "").strip()
    if not key and (endpoint.startswith("http://") or is_local(endpoint)):
        return _NO_KEY
    if not key:
        raise UsageError(f"no key for {endpoint}: set the environment variable {name}")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"the key in {name} holds characters that no key has: set it again")
    return key


def user_cache(name: str) -> Path:
    """A path under the user's cache folder, which is not made."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "textgrad"
    return folder / re.sub(r"[^\w.-]", "_", name)


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
