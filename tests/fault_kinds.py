"""What a chat server can answer, good and bad, as data: used by `fault_server`."""

import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """An answer that is none.

    Attributes:
        status: HTTP status.
        body: sent as JSON, or as it is when it is a str.
        headers: added to the response.
    """

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


def error(message: str, **rest) -> dict:
    """The body of an error, as OpenAI sends it."""
    return {"error": {"message": message, "type": None, "param": None, "code": None, **rest}}


def completion(request: dict, text: str | None, finish_reason: str = "stop") -> dict:
    """The body of a good answer; a word is a token."""
    sent = sum(len(content_of(message).split()) for message in request["messages"])
    got = len((text or "").split())
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model"),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got},
    }


def content_of(message: dict) -> str:
    """The text of a message."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "[image]") for part in content)


def echo(request: dict) -> str:
    """The reply when nobody says otherwise: the beginning of what was asked."""
    return f"You said: {content_of(request['messages'][-1])[:200]}"


def _limited(**headers: str) -> Callable[[dict, dict], Fault]:
    message = error("Rate limit reached for requests", type="requests", code="rate_limit_exceeded")
    return lambda request, sent: Fault(429, message, {name.replace("_", "-"): value for name, value in headers.items()})


def _status(status: int, message: str, **rest) -> Callable[[dict, dict], Fault]:
    return lambda request, sent: Fault(status, error(message, **rest))


def _good(text: str | None, finish_reason: str = "stop") -> Callable[[dict, dict], Fault]:
    return lambda request, sent: Fault(200, completion(request, text, finish_reason))


def _http_date(request: dict, sent: dict) -> Fault:
    return _limited(Retry_After=email.utils.formatdate(time.time() + 1.5, usegmt=True))(request, sent)


def _bad_key(request: dict, sent: dict) -> Fault:
    """Echoes the key, as some servers do."""
    key = sent.get("authorization", "").removeprefix("Bearer ")
    return Fault(401, error(f"Incorrect API key provided: {key}.", code="invalid_api_key"))


FAULTS: dict[str, Callable[[dict, dict], Fault] | None] = {
    "429": _limited(),
    "429-retry-after": _limited(Retry_After="1"),
    "429-date": _http_date,
    "429-reset": _limited(x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1m2.5s"),
    "429-quota": _status(429, "You have run out of credit.", code="insufficient_quota", type="insufficient_quota"),
    "500": _status(500, "The server had an error."),
    "502": lambda request, sent: Fault(502, "<html><h1>502 Bad Gateway</h1></html>"),
    "503": _status(503, "The engine is overloaded."),
    "529": _status(529, "Overloaded", type="overloaded_error"),
    "html": lambda request, sent: Fault(200, "<html><body>Log in to the hotel's network</body></html>"),
    "no-choices": lambda request, sent: Fault(200, {"id": "x", "object": "chat.completion"}),
    "empty-choices": lambda request, sent: Fault(200, {"choices": []}),
    "empty": _good(""),
    "null": _good(None),
    "whitespace": _good(" \n\t "),
    "content-filter": _good(None, "content_filter"),
    "truncated": _good("The answer begins but does not", "length"),
    "error-in-200": lambda request, sent: Fault(200, error("Provider returned error", code=502)),
    "400": _status(400, "Invalid request: messages must alternate.", type="invalid_request_error"),
    "401": _bad_key,
    "403": _status(403, "Your account may not use this model."),
    "404": _status(404, "The model does not exist.", code="model_not_found"),
    "context": _status(
        400,
        "This model's maximum context length is 512 tokens. However, your messages resulted in 900 tokens.",
        code="context_length_exceeded",
        param="messages",
    ),
    # These need the connection itself; the handler knows them by name.
    "drop": None,  # ends in the middle of the body
    "reset": None,  # ends before an answer
    "hang": None,  # says nothing for `hang` seconds
    "drip": None,  # says a byte now and then
    "refuse": None,  # ends, and nobody listens for `refuse` seconds
}
