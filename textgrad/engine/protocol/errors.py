"""What an endpoint's refusal means: its many dialects, read into one `ApiError`, and that into one of our errors."""

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LEAST_MISSED_FIRST = ("seed", "top_p", "max_tokens", "max_completion_tokens", "temperature")
_SHORTEST_REPLY = 16  # less room than this is as good as none


@dataclass(frozen=True)
class RequestContext:
    """Who was asked, for messages.

    Attributes:
        name: the engine's model.
        endpoint: without credentials.
        key_name: the environment variable of the key.
        secrets: texts that no message may hold.
    """

    name: str
    endpoint: str
    key_name: str = ""
    secrets: tuple[str, ...] = ()

    def without_secrets(self, text: str, shortest: int = 1) -> str:
        """`text` with a mark in place of each secret of at least `shortest` characters."""
        for secret in sorted((each for each in self.secrets if len(each) >= shortest), key=len, reverse=True):
            text = text.replace(secret, "[key]")
        return text

    def line(self, text: str) -> str:
        """`text` as one line of limited length without keys or control characters."""
        text = self.without_secrets(text)
        text = _KEY_LIKE.sub("[key]", text)
        text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 3] + "..."


@dataclass(frozen=True)
class ApiError:
    """An endpoint's refusal.

    Attributes:
        status: HTTP status, also one that came inside a response of status 200; 200 for a body that is no JSON object.
        message, code, type, param: as the endpoint told them, "" where it did not.
        headers: of the response.
    """

    status: int
    message: str
    code: str = ""
    type: str = ""
    param: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def _told(self) -> str:
        return f"{self.message} {self.code} {self.type}"

    @property
    def filtered(self) -> bool:
        """True when the request was refused for what it says."""
        return self.status in (400, 403, 422) and bool(_FILTERED.search(self._told))

    @property
    def too_long(self) -> bool:
        """True when the request is longer than the model's context."""
        if self.status == 429:  # a single request over the limit of a minute never passes
            return "request too large" in self.message.lower()
        return self.status == 413 or (self.status in (400, 422, 500) and bool(_CONTEXT.search(self._told)))

    def refused_parameter(self, sent: Mapping[str, Any]) -> str | None:
        """The parameter of a request that the endpoint does not take, "system" for the role, or None.

        Args:
            sent: the request.
        """
        if self.status not in (400, 422) or self.too_long or not _REFUSES.search(self._told):
            return None
        if self.param in _LEAST_MISSED_FIRST and self.param in sent:
            return self.param
        for name in _LEAST_MISSED_FIRST:
            if name in sent and re.search(rf"\b{name}\b", self.message):
                return name
        has_system = any(message["role"] == "system" for message in sent["messages"])
        return "system" if has_system and _NO_SYSTEM.search(self.message) else None

    def room_for_reply(self) -> int | None:
        """How many tokens the endpoint would still let the reply have, where it tells; None when it does not."""
        if self.status not in (400, 422):
            return None
        if told := _REPLY_LIMIT.search(self.message):
            return int(told[1])
        limit, prompt = _LIMIT.search(self.message), _PROMPT.search(self.message)
        if not limit or not (prompt or "max_tokens" in self.message):
            return None
        room = int(limit[1]) - (int(prompt[1]) if prompt else 0)
        return room if room >= _SHORTEST_REPLY else None

    def error(self, asked: RequestContext) -> Exception:
        """Our error for it, in one line."""
        told = asked.line(self.message)
        if self.status < 400:
            return TransientError(f"the answer is no JSON object: {told}", malformed=True)
        if self.too_long:
            return ContextExceeded(f"{asked.name} at {asked.endpoint}: the request is too long: {told}")
        if self.status == 429 and "insufficient_quota" not in (self.code, self.type):
            return TransientError(f"HTTP 429: {told}", rate_limited=True, retry_after=retry_after(self.headers))
        if self.status >= 500 or self.status in (408, 409, 425):
            return TransientError(f"HTTP {self.status}: {told}", retry_after=retry_after(self.headers))
        key = f" (the key comes from {asked.key_name})" if asked.key_name and self.status in (401, 403) else ""
        return BrokenSystem(f"engine {asked.name} at {asked.endpoint} refused: HTTP {self.status}: {told}{key}")


def read_response(status: int, headers: Mapping[str, str], text: str) -> dict[str, Any] | ApiError:
    """A response's JSON, or the problem it tells of.

    Args:
        status: HTTP status.
        headers: looked up in lower case.
        text: the body.
    """
    try:
        # Lines that begin with a colon only keep the connection open while a router waits for its provider.
        data = json.loads(_COMMENT.sub("", text))
    except ValueError:
        data = None
    if status >= 400:
        return _problem(status, headers, data, text)
    if not isinstance(data, dict):
        return _problem(status, headers, None, text)
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    if told := data.get("error") or first.get("error"):  # a router passes its provider's failure on like this
        code = told.get("code") if isinstance(told, dict) else None
        inner = int(code) if str(code).isdigit() and 400 <= int(code) < 600 else 500
        return _problem(inner, headers, {"error": told}, text)
    return data


def _problem(status: int, headers: Mapping[str, str], data: Any, text: str) -> ApiError:
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        return ApiError(status, _MARKUP.sub(" ", text), headers=headers)
    told = data.get("error", data)  # SGLang sends the inner object alone
    if not isinstance(told, dict):
        told = {"message": told}
    message = told.get("message") or told.get("detail") or text
    if told.get("metadata"):
        message = f"{message} {json.dumps(told['metadata'])}"
    names = {name: str(told.get(name) or "") for name in ("code", "type", "param")}
    return ApiError(status, message if isinstance(message, str) else json.dumps(message), headers=headers, **names)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the endpoint asks to wait, or None.

    Read from `retry-after-ms`, `retry-after` (seconds or an HTTP date), or the headers that tell when a spent limit
    of requests or tokens is whole again.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    told = headers.get("retry-after")
    if (seconds := _number(told)) is not None:
        return seconds
    if told:
        try:
            return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
        except ValueError:
            pass  # neither a number nor a date: as if it had not been sent
    resets = [
        (headers.get(f"x-ratelimit-remaining-{kind}"), _duration(headers.get(f"x-ratelimit-reset-{kind}")))
        for kind in ("requests", "tokens")
    ]
    waits = [seconds for left, seconds in sorted(resets, key=lambda reset: reset[0] != "0") if seconds is not None]
    return waits[0] if waits else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _duration(text: str | None) -> float | None:
    """Seconds of "6m0s", "120ms" or "1.5"."""
    parts = _DURATION.findall(text or "")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else _number(text)
