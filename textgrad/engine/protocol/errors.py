"""Error responses: parse the formats of all providers into one `ApiError`, and classify it as one of our errors."""

import errno
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from textgrad.engine.protocol import wordings
from textgrad.engine.protocol.retry_after import retry_after
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError
from textgrad.system_errors import LOCAL_LIMITS, describe
from textgrad.text import load_json

_LONGEST_MESSAGE = 300
_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w*.\-]{6,}|\bAIza[\w\-]{20,}|(?<=Bearer )\S+")
_COMMENT = re.compile(r"\A(?:\s*:[^\n]*\n)+")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
# Parameters that may be refused, the least important first.
_OPTIONAL_PARAMETERS = ("seed", "top_p", "max_tokens", "max_completion_tokens", "temperature")
# Statuses that the same request would get again. Every other status from 400 on leads to a retry.
_PERMANENT = frozenset((400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 416, 417, 422, 426, 428, 431, 451))
_ABOUT_THE_REQUEST = (400, 406, 415, 422)
_ABOUT_THE_ACCOUNT = (401, 402, 403, 404, 413, 429)
_MESSAGE_NAMES = ("message", "detail", "msg", "error_msg", "error_message", "status_msg", "error_description", "reason")
_CODE_NAMES = ("code", "status", "status_code", "error_code")
_LONGEST_STATEMENT = 1000  # characters; a longer text is a page, which mentions billing for other reasons
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
        message, code, type, param, details: as reported, or "".
        headers: of the response.
        in_success: True if the response has the status 200.
    """

    status: int
    message: str
    code: str = ""
    type: str = ""
    param: str = ""
    details: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    in_success: bool = False

    @property
    def _full_message(self) -> str:
        return f"{self.message} {self.code} {self.type}"

    @property
    def filtered(self) -> bool:
        """True if a content filter rejected the request."""
        rejected = self.in_success or self.status in (400, 403, 422, 451)
        return rejected and bool(wordings.FILTERED.search(self._full_message))

    @property
    def out_of_money(self) -> bool:
        """True if no balance, credit or quota is left, whatever the status."""
        text = f"{self._full_message} {self.details}"
        return self.status == 402 or (len(text) <= _LONGEST_STATEMENT and wordings.out_of_money(text))

    @property
    def too_long(self) -> bool:
        """True if the request exceeds the model's context."""
        if self.status == 429:  # one request above the limit per minute never passes
            return "request too large" in self.message.lower()
        about_length = bool(wordings.CONTEXT.search(self._full_message))
        return self.status == 413 or (self.status in (*_ABOUT_THE_REQUEST, 500) and about_length)

    def refused_parameter(self, sent: Mapping[str, Any]) -> str | None:
        """Return the request parameter that the endpoint does not support, "system" for the system role, or None.

        "system" is a guess, to be tested by a request: the message is about the roles of messages, in any wording.

        Args:
            sent: the request body.
        """
        if self.too_long or self.out_of_money or self.filtered:
            return None
        if self.status in _ABOUT_THE_REQUEST and wordings.REFUSES.search(self._full_message):
            if self.param in _OPTIONAL_PARAMETERS and self.param in sent:
                return self.param
            for name in _OPTIONAL_PARAMETERS:
                if name in sent and re.search(rf"\b{name}\b", self.message):
                    return name
        has_system = any(message["role"] == "system" for message in sent["messages"])
        return "system" if has_system and self._may_be_about_roles else None

    @property
    def _may_be_about_roles(self) -> bool:
        """True if the system role may be the reason; a server whose chat template fails may send any status."""
        if self.status in _ABOUT_THE_ACCOUNT:
            return False
        text = f"{self._full_message} {self.param}"
        of_request = self.status in _ABOUT_THE_REQUEST
        return bool(wordings.ROLES.search(text) or (of_request and wordings.SYSTEM.search(text)))

    def room_for_reply(self) -> int | None:
        """Return the maximum number of reply tokens that the message mentions, or None."""
        if self.status not in (400, 422):
            return None
        found = wordings.REPLY_LIMIT.search(self.message)
        limit, prompt = wordings.LIMIT.search(self.message), wordings.PROMPT.search(self.message)
        if found:
            room = int(found[1])
        elif limit and (prompt or "max_tokens" in self.message):
            room = int(limit[1]) - (int(prompt[1]) if prompt else 0)
        else:
            return None
        return room if room >= _SHORTEST_REPLY else None

    def error(self, context: RequestContext) -> Exception:
        """Return the exception to raise, with a message of one line."""
        message = context.line(self.message)
        if self.status < 400 and not self.out_of_money:
            return TransientError(f"the response is not a JSON object: {message}", malformed=True)
        if self.too_long:
            return ContextExceeded(f"{context.name} at {context.endpoint}: the request is too long: {message}")
        status = "error inside HTTP 200" if self.in_success else f"HTTP {self.status}"
        if self.status not in _PERMANENT and not self.out_of_money:
            limited = self.status == 429
            return TransientError(f"{status}: {message}", rate_limited=limited, retry_after=retry_after(self.headers))
        key = f" (the key comes from {context.key_name})" if context.key_name and self.status in (401, 403) else ""
        return BrokenSystem(f"engine {context.name} at {context.endpoint} refused: {status}: {message}{key}")


def read_response(status: int, headers: Mapping[str, str], text: str) -> dict[str, Any] | ApiError:
    """Return the JSON object of a response, or the error that it reports.

    Args:
        status: HTTP status.
        headers: names in lower case, or in any case.
        text: body.
    """
    try:
        # Some servers begin with a byte-order mark; routers send comment lines to keep the connection open.
        data = load_json(_COMMENT.sub("", text.removeprefix("\ufeff")))
    except ValueError:
        data = None
    if status >= 400:
        return _api_error(status, headers, data, text)
    if not isinstance(data, dict):
        return _api_error(status, headers, None, text)
    if (reported := _error_in_success(data)) is None:
        return data
    fields = reported if isinstance(reported, dict) else {}
    codes = (str(fields.get(name) or "") for name in _CODE_NAMES)
    inner = next((int(code) for code in codes if re.fullmatch("[45][0-9]{2}", code)), 500)
    return replace(_api_error(inner, headers, {"error": reported}, text), in_success=True)


def _error_in_success(data: dict[str, Any]) -> Any:
    """Return what a response with status 200 reports as an error, in any of the formats in use, or None."""
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    for reported in (data.get("error"), first.get("error")):  # routers forward the errors of their providers like this
        if any(reported.values()) if isinstance(reported, dict) else reported:
            return reported
    if choices:
        return None
    return next((each for each in (data, *data.values()) if isinstance(each, dict) and _message_of(each)), None)


def _message_of(fields: dict[str, Any]) -> str:
    """Return the message among the fields of an error, "" if there is none."""
    found = (fields.get(name) for name in _MESSAGE_NAMES)
    return next((message for message in found if isinstance(message, str) and message.strip()), "")


def _api_error(status: int, headers: Mapping[str, str], data: Any, text: str) -> ApiError:
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        return ApiError(status, _MARKUP.sub(" ", text), headers=headers)
    fields = data.get("error", data)  # SGLang sends only the inner object
    if not isinstance(fields, dict):
        fields = {"message": fields}
    message = _message_of(fields) or fields.get("message") or fields.get("detail") or _message_of(data) or text
    if fields.get("metadata"):
        message = f"{message} {_json(fields['metadata'])}"
    code, kind, param = (str(fields.get(name) or "") for name in ("code", "type", "param"))
    return ApiError(
        status,
        message if isinstance(message, str) else _json(message),
        code,
        kind,
        param,
        details=_json(fields.get("details") or fields.get("status") or ""),
        headers=headers,
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


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
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in LOCAL_LIMITS:
            return BrokenSystem(f"cannot connect to {context.endpoint}: {describe(cause)}")
    if names & {"ConnectTimeout", "ConnectTimeoutError"}:
        return TransientError("connection timed out", refused=True)
    if names & {"APITimeoutError", "TimeoutError", "ReadTimeoutError"}:
        return TransientError(f"no response within {timeout:g} s")
    unreachable = any(
        isinstance(cause, socket.gaierror) or getattr(cause, "errno", None) in _UNREACHABLE for cause in causes
    )
    return TransientError(message if unreachable else f"the connection was lost: {message}", refused=unreachable)
