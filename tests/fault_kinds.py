"""Answers of a chat server, good and bad, as data for `fault_server`."""

import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """An answer in place of a good one.

    Attributes:
        status: HTTP status.
        body: sent as JSON, or unchanged if it is a str.
        headers: added to the response.
    """

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


def error(message: str, **rest) -> dict:
    """Return the body of an error of OpenAI."""
    return {"error": {"message": message, "type": None, "param": None, "code": None, **rest}}


def completion(request: dict, text: str | None, finish_reason: str = "stop") -> dict:
    """Return the body of a good answer, with one token per word."""
    prompt_tokens = sum(len(content_of(message).split()) for message in request["messages"])
    reply_tokens = len((text or "").split())
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model"),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": reply_tokens,
            "total_tokens": prompt_tokens + reply_tokens,
        },
    }


def content_of(message: dict) -> str:
    """Return the text of a message."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "[image]") for part in content)


def echo(request: dict) -> str:
    """Return the default reply: the beginning of the last message."""
    return f"You said: {content_of(request['messages'][-1])[:200]}"


def _limited(**limits: str) -> Callable[[dict, dict], Fault]:
    message = error("Rate limit reached for requests", type="requests", code="rate_limit_exceeded")
    return lambda request, headers: Fault(
        429, message, {name.replace("_", "-"): value for name, value in limits.items()}
    )


def _status(status: int, message: str, **rest) -> Callable[[dict, dict], Fault]:
    return lambda request, headers: Fault(status, error(message, **rest))


def _good(text: str | None, finish_reason: str = "stop") -> Callable[[dict, dict], Fault]:
    return lambda request, headers: Fault(200, completion(request, text, finish_reason))


def _http_date(request: dict, headers: dict) -> Fault:
    return _limited(Retry_After=email.utils.formatdate(time.time() + 1.5, usegmt=True))(request, headers)


def _bad_key(request: dict, headers: dict) -> Fault:
    """Return an error that contains the key, like some servers."""
    key = headers.get("authorization", "").removeprefix("Bearer ")
    return Fault(401, error(f"Incorrect API key provided: {key}.", code="invalid_api_key"))


FAULTS: dict[str, Callable[[dict, dict], Fault] | None] = {
    "429": _limited(),
    "429-retry-after": _limited(Retry_After="1"),
    "429-date": _http_date,
    "429-reset": _limited(x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1m2.5s"),
    "429-quota": _status(429, "You have run out of credit.", code="insufficient_quota", type="insufficient_quota"),
    "500": _status(500, "The server had an error."),
    "502": lambda request, headers: Fault(502, "<html><h1>502 Bad Gateway</h1></html>"),
    "503": _status(503, "The engine is overloaded."),
    "529": _status(529, "Overloaded", type="overloaded_error"),
    "html": lambda request, headers: Fault(200, "<html><body>Log in to the hotel's network</body></html>"),
    "no-choices": lambda request, headers: Fault(200, {"id": "x", "object": "chat.completion"}),
    "empty-choices": lambda request, headers: Fault(200, {"choices": []}),
    "empty": _good(""),
    "null": _good(None),
    "whitespace": _good(" \n\t "),
    "content-filter": _good(None, "content_filter"),
    "truncated": _good("The answer begins but does not", "length"),
    "error-in-200": lambda request, headers: Fault(200, error("Provider returned error", code=502)),
    "400": _status(400, "Invalid request: n must be at least 1.", type="invalid_request_error"),
    "401": _bad_key,
    "403": _status(403, "Your account may not use this model."),
    "404": _status(404, "The model does not exist.", code="model_not_found"),
    "context": _status(
        400,
        "This model's maximum context length is 512 tokens. However, your messages resulted in 900 tokens.",
        code="context_length_exceeded",
        param="messages",
    ),
    # Faults of the connection; the handler knows them by name.
    "drop": None,  # closes in the middle of the body
    "reset": None,  # closes before an answer
    "hang": None,  # sends nothing for `hang` seconds
    "drip": None,  # sends a byte now and then
    "refuse": None,  # closes, and refuses connections for `refuse` seconds
}
