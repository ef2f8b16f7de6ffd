"""Error responses: parse the formats of all providers into one `ApiError`, and classify it as one of our errors."""

import errno
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from textgrad.engine.protocol.retry_after import retry_after
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError

_LONGEST_MESSAGE = 300
_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w*.\-]{6,}|\bAIza[\w\-]{20,}|(?<=Bearer )\S+")
_COMMENT = re.compile(r"\A(?:\s*:[^\n]*\n)+")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_CONTEXT = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length|maximum context length|max_model_len"
    r"|context (?:window|size|length)[^.]{0,60}exceed|exceed[^.]{0,80}context (?:window|size|length)"
    r"|longer than the (?:model'?s?|maximum)|context length is only|(?:prompt|input) is too long|input token count"
    r"|`inputs` tokens",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"unsupported|not support|n't support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|not enabled"
    r"|extra_forbidden|cannot both|not both|deprecated|not available|only .{0,60}(?:supported|allowed)",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(
    r"system.{0,20}\brole|role.{0,30}\bsystem|(?:system|developer) (?:message|instruction|prompt)", re.IGNORECASE
)
_FILTERED = re.compile(
    r"content_filter|content_policy|content management policy|moderation_blocked|flagged_input", re.IGNORECASE
)
_LIMIT = re.compile(r"(?:context length|max_model_len|must be|maximum)\D{0,40}?(\d+)", re.IGNORECASE)
_PROMPT = re.compile(r"(\d+)(?: tokens)? (?:in the (?:messages|prompt)|from the input|input tokens|`inputs` tokens)")
_REPLY_LIMIT = re.compile(r"(?:at most |> |max_tokens is \[1, )(\d+)(?: completion tokens|, which is the maximum|\])")
# Parameters that may be refused, the least important first.
_OPTIONAL_PARAMETERS = ("seed", "top_p", "max_tokens", "max_completion_tokens", "temperature")
_SHORTEST_REPLY = 16  # tokens; with less room left, the request counts as too long
_UNREACHABLE = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH)


class NoResponse(Exception):
    """A request got no complete response; the cause is the error of the HTTP library."""


@dataclass(frozen=True)
class RequestContext:
    """The endpoint of a request, for error messages.

    Attributes:
        name: model name.
        endpoint: base URL without credentials.
        key_name: environment variable of the API key.
        secrets: texts that are removed from messages.
    """

    name: str
    endpoint: str
    key_name: str = ""
    secrets: tuple[str, ...] = ()

    def without_secrets(self, text: str, shortest: int = 1) -> str:
        """Replace each secret of at least `shortest` characters by "[key]"."""
        for secret in sorted((each for each in self.secrets if len(each) >= shortest), key=len, reverse=True):
            text = text.replace(secret, "[key]")
        return text

    def line(self, text: str) -> str:
        """Return `text` as one line of limited length, without keys and control characters."""
        text = self.without_secrets(text)
        text = _KEY_LIKE.sub("[key]", text)
        text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 3] + "..."


@dataclass(frozen=True)
class ApiError:
    """An error that an endpoint reported.

    Attributes:
        status: HTTP status, or the status inside a response with status 200; 200 if the body is not a JSON object.
        message, code, type, param: as reported, or "".
        headers: of the response.
    """

    status: int
    message: str
    code: str = ""
    type: str = ""
    param: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def _full_message(self) -> str:
        return f"{self.message} {self.code} {self.type}"

    @property
    def filtered(self) -> bool:
        """True if a content filter rejected the request."""
        return self.status in (400, 403, 422) and bool(_FILTERED.search(self._full_message))

    @property
    def too_long(self) -> bool:
        """True if the request exceeds the model's context."""
        if self.status == 429:  # one request above the limit per minute never passes
            return "request too large" in self.message.lower()
        return self.status == 413 or (self.status in (400, 422, 500) and bool(_CONTEXT.search(self._full_message)))

    def refused_parameter(self, sent: Mapping[str, Any]) -> str | None:
        """Return the request parameter that the endpoint does not support, "system" for the system role, or None.

        Args:
            sent: the request body.
        """
        if self.status not in (400, 422) or self.too_long or not _REFUSES.search(self._full_message):
            return None
        if self.param in _OPTIONAL_PARAMETERS and self.param in sent:
            return self.param
        for name in _OPTIONAL_PARAMETERS:
            if name in sent and re.search(rf"\b{name}\b", self.message):
                return name
        has_system = any(message["role"] == "system" for message in sent["messages"])
        return "system" if has_system and _NO_SYSTEM.search(self.message) else None

    def room_for_reply(self) -> int | None:
        """Return the maximum number of reply tokens that the message mentions, or None."""
        if self.status not in (400, 422):
            return None
        if found := _REPLY_LIMIT.search(self.message):
            return int(found[1])
        limit, prompt = _LIMIT.search(self.message), _PROMPT.search(self.message)
        if not limit or not (prompt or "max_tokens" in self.message):
            return None
        room = int(limit[1]) - (int(prompt[1]) if prompt else 0)
        return room if room >= _SHORTEST_REPLY else None

    def error(self, context: RequestContext) -> Exception:
        """Return the exception to raise, with a message of one line."""
        message = context.line(self.message)
        if self.status < 400:
            return TransientError(f"the response is not a JSON object: {message}", malformed=True)
        if self.too_long:
            return ContextExceeded(f"{context.name} at {context.endpoint}: the request is too long: {message}")
        if self.status == 429 and "insufficient_quota" not in (self.code, self.type):
            return TransientError(f"HTTP 429: {message}", rate_limited=True, retry_after=retry_after(self.headers))
        if self.status >= 500 or self.status in (408, 409, 425):
            return TransientError(f"HTTP {self.status}: {message}", retry_after=retry_after(self.headers))
        key = f" (the key comes from {context.key_name})" if context.key_name and self.status in (401, 403) else ""
        return BrokenSystem(f"engine {context.name} at {context.endpoint} refused: HTTP {self.status}: {message}{key}")


def read_response(status: int, headers: Mapping[str, str], text: str) -> dict[str, Any] | ApiError:
    """Return the JSON object of a response, or the error that it reports.

    Args:
        status: HTTP status.
        headers: names in lower case, or in any case.
        text: body.
    """
    try:
        # Routers send comment lines, which start with a colon, to keep the connection open.
        data = json.loads(_COMMENT.sub("", text))
    except ValueError:
        data = None
    if status >= 400:
        return _api_error(status, headers, data, text)
    if not isinstance(data, dict):
        return _api_error(status, headers, None, text)
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    if reported := data.get("error") or first.get("error"):  # routers forward the errors of their providers like this
        code = str(reported.get("code")) if isinstance(reported, dict) else ""
        inner = int(code) if code.isdecimal() and 400 <= int(code) < 600 else 500
        return _api_error(inner, headers, {"error": reported}, text)
    return data


def _api_error(status: int, headers: Mapping[str, str], data: Any, text: str) -> ApiError:
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        return ApiError(status, _MARKUP.sub(" ", text), headers=headers)
    fields = data.get("error", data)  # SGLang sends only the inner object
    if not isinstance(fields, dict):
        fields = {"message": fields}
    message = fields.get("message") or fields.get("detail") or text
    if fields.get("metadata"):
        message = f"{message} {json.dumps(fields['metadata'])}"
    names = {name: str(fields.get(name) or "") for name in ("code", "type", "param")}
    return ApiError(status, message if isinstance(message, str) else json.dumps(message), headers=headers, **names)


def connection_error(error: NoResponse, context: RequestContext, timeout: float) -> Exception:
    """Return the exception to raise for a request without a complete response.

    Args:
        error: with its cause.
        context: of the request.
        timeout: seconds that were waited.
    """
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    names = {type(cause).__name__ for cause in causes}
    message = context.line(next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return BrokenSystem(f"engine {context.name} at {context.endpoint}: certificate not trusted: {message}")
    if names & {"ConnectTimeout", "ConnectTimeoutError"}:
        return TransientError("connection timed out", refused=True)
    if names & {"APITimeoutError", "TimeoutError", "ReadTimeoutError"}:
        return TransientError(f"no response within {timeout:g} s")
    unreachable = any(
        isinstance(cause, socket.gaierror) or getattr(cause, "errno", None) in _UNREACHABLE for cause in causes
    )
    return TransientError(message if unreachable else f"the connection was lost: {message}", refused=unreachable)
