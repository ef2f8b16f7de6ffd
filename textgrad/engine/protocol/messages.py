"""The OpenAI chat format: encode messages for a request, and decode a response into a `Reply`."""

import base64
import re
from collections.abc import Sequence
from typing import Any

from textgrad.engine.reply import Flaw, Reply, find_flaw, reported_reason
from textgrad.errors import TransientError, UsageError
from textgrad.tokens import estimate_tokens

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_IMAGE_KINDS = ((_PNG, "png"), (_JPEG, "jpeg"), (b"GIF8", "gif"))
_REASONING_FIELD = re.compile(r"reasoning|think|thought|analysis", re.IGNORECASE)
_REASONING_PARTS = ("thinking", "reasoning", "thought", "redacted_thinking")
_REASONING_ONLY = (
    "replies arrive as reasoning, with empty content: their reasoning is used as text; "
    "correct the server's reasoning parser or chat template"
)
SYSTEM_MOVED = "the system prompt is sent in the user message, because the endpoint said: {}"
_NO_REASON = "replies have no finish reason: truncated replies cannot be recognized"
_UNFINISHED = "the finish reason {!r} is not known to mean a complete reply: such replies count as unfinished"
_OPENING = r"(?:<(?:\w+:)?think>|\[THINK\]|◁think▷|<\|channel\|>analysis<\|message\|>)"
_CLOSING = (
    r"(?:</(?:\w+:)?think>|\[/THINK\]|◁/think▷"
    r"|(?:<\|end\|>)?<\|start\|>assistant(?:<\|channel\|>final)?<\|message\|>)"
)
_OPENS = re.compile(rf"\s*{_OPENING}", re.IGNORECASE)
_THOUGHTS = re.compile(rf"\s*(?:{_OPENING})?(.*?){_CLOSING}\s*", re.IGNORECASE | re.DOTALL)
_DEEPEST = 8  # levels of parts in a message
_MOST_TOKENS = 10**9  # of one request or reply; a larger count is a mistake


def wire_messages(messages: Sequence[dict[str, Any]], is_multimodal: bool, model: str) -> list[dict[str, Any]]:
    """Return messages in the OpenAI format, with images as data URLs.

    Args:
        messages: as returned by `messages_of`; parts that are dicts are sent unchanged.
        is_multimodal: True if the model accepts images.
        model: for the error message.

    Raises:
        UsageError: the model does not accept images, or the image has an unknown format.
    """
    return [{**message, "content": _content(message["content"], is_multimodal, model)} for message in messages]


def _content(content, is_multimodal: bool, model: str):
    if isinstance(content, str):
        return encodable(content)
    if all(isinstance(part, str) for part in content):
        return encodable("\n\n".join(content))  # some servers accept text only as one string
    if not is_multimodal and any(isinstance(part, bytes) for part in content):
        raise UsageError(
            f"engine {model} accepts text only, but the request contains an image: choose a model that accepts images, "
            "or pass is_multimodal=True if this one does"
        )
    return wire_parts(content)


def wire_parts(content: Sequence[str | bytes | dict[str, Any]]) -> list[dict[str, Any]]:
    """Return texts and images as parts of a message in the OpenAI format; dicts stay unchanged.

    Raises:
        UsageError: an image has an unknown format.
    """
    return [_part(part) for part in content]


def _part(part) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": encodable(part)}
    if isinstance(part, bytes):
        url = f"data:image/{image_kind(part)};base64,{base64.b64encode(part).decode('ascii')}"
        return {"type": "image_url", "image_url": {"url": url}}
    return part


def encodable(text: str) -> str:
    """Return the text with unpaired surrogates replaced: JSON can contain them, but UTF-8 cannot.

    They occur when a reply is truncated inside an emoji.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def image_kind(image: bytes) -> str:
    """Return "png", "jpeg", "gif" or "webp" for the bytes of an image file.

    Raises:
        UsageError: the format is none of these.
    """
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "webp"
    for signature, kind in _IMAGE_KINDS:
        if image.startswith(signature):
            return kind
    raise UsageError(f"unknown format of an image of {len(image)} bytes: convert it to PNG, JPEG, GIF or WebP")


def is_png(data: bytes) -> bool:
    """Return True for the bytes of a PNG file."""
    return data.startswith(_PNG)


def is_jpeg(data: bytes) -> bool:
    """Return True for the bytes of a JPEG file."""
    return data.startswith(_JPEG)


def read_completion(data: dict[str, Any], messages: Sequence[dict[str, Any]]) -> Reply:
    """Return the reply in a chat completion.

    Args:
        data: JSON object of the response.
        messages: of the request; their tokens are estimated if the response does not count them.

    Raises:
        TransientError: malformed; the object contains no message.
    """
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        raise TransientError("the response is not a chat completion: it contains no message", malformed=True)
    raw = encodable(_text(message.get("content")))
    text, finish, remarks = without_thinking(raw), _finish_reason(choice), []
    if refusal := _refusal(message):
        text, finish = text or encodable(refusal), "content_filter"
    if find_flaw(text, finish) is Flaw.UNFINISHED:
        remarks.append(_UNFINISHED.format(finish))
    if not text.strip() and find_flaw("any text", finish) is None and (thoughts := _thoughts(raw, message)):
        text, raw = thoughts, raw or thoughts
        remarks.append(_REASONING_ONLY)
    if not finish:
        remarks.append(_NO_REASON)
    usage = data.get("usage")
    if not isinstance(usage, dict):
        usage = {}
    return Reply(
        text,
        finish,
        _count(usage.get("prompt_tokens"), prompt_tokens(messages)),
        _count(usage.get("completion_tokens"), estimate_tokens(raw)),
        tuple(remarks),
    )


def _finish_reason(choice: dict[str, Any]) -> str:
    """Return the finish reason of a choice, under the name that the endpoint uses."""
    names = ("finish_reason", "finishReason", "stop_reason")
    return next((reason for name in names if (reason := reported_reason(choice.get(name)))), "")


def _refusal(message: dict[str, Any]) -> str:
    """Return the model's refusal, in its own field or as a part of the content, "" if there is none."""
    parts = message["content"] if isinstance(message.get("content"), list) else []
    refusals = [message.get("refusal"), *(part.get("refusal") for part in parts if isinstance(part, dict))]
    return next((str(refusal) for refusal in refusals if refusal), "")


def _text(content: Any, depth: int = 0) -> str:
    """Return the text of a message: its content is a string, null, or one or several parts, some of them reasoning."""
    if isinstance(content, list) and depth < _DEEPEST:
        return "".join(_text(part, depth + 1) for part in content)
    if isinstance(content, dict) and depth < _DEEPEST:
        is_reasoning = content.get("type") in _REASONING_PARTS
        return "" if is_reasoning else _text(content.get("text") or content.get("value"), depth + 1)
    return content if isinstance(content, str) else ""


def _thoughts(raw: str, message: dict[str, Any]) -> str:
    """Return the reasoning in a message without any other text: what a wrong reasoning parser takes the reply for."""
    found = [_all_text(value) for name, value in message.items() if _REASONING_FIELD.search(name)]
    content = message.get("content")
    found.append(_all_text(content) if isinstance(content, list) else "")
    closed = _THOUGHTS.fullmatch(raw)
    found.append(closed[1] if closed else "")
    return encodable(next((text.strip() for text in found if text.strip()), ""))


def _all_text(value: Any, depth: int = 0) -> str:
    """Return a text, or the texts in a list of parts."""
    if isinstance(value, list) and depth < _DEEPEST:
        return "".join(_all_text(part, depth + 1) for part in value)
    if isinstance(value, dict) and depth < _DEEPEST:
        texts = (_all_text(value.get(name), depth + 1) for name in ("text", "thinking", "reasoning", "summary"))
        return next((text for text in texts if text), "")
    return value if isinstance(value, str) else ""


def _count(reported: Any, estimate: int) -> int:
    is_count = isinstance(reported, int) and not isinstance(reported, bool) and 0 <= reported <= _MOST_TOKENS
    return reported if is_count else estimate


def without_thinking(text: str) -> str:
    """Return the text after the leading reasoning block of a reasoning model, such as <think>...</think>.

    Later tags stay, since a prompt may mention them. If the chat template contains the opening tag, the reply has only
    the closing one. If the reply was truncated inside the block, nothing remains.
    """
    found = _THOUGHTS.match(text)
    if found and not re.search(_OPENING, found[1], re.IGNORECASE):
        text = text[found.end() :]
    while _OPENS.match(text):
        found = _THOUGHTS.match(text)
        text = text[found.end() :] if found else ""
    return text


def prompt_tokens(messages: Sequence[dict[str, Any]]) -> int:
    """Return the estimated tokens of messages, without images."""
    return sum(estimate_tokens(_text(message["content"])) for message in messages)


def with_system_in_user(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages for a model without a system role: the system prompt is prepended to the user message."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    rest = [message for message in messages if message["role"] != "system"]
    if not system or not rest:
        return list(messages)
    first, head = rest[0]["content"], "\n\n".join(system)
    joined = f"{head}\n\n{first}" if isinstance(first, str) else [{"type": "text", "text": head}, *first]
    return [{**rest[0], "content": joined}, *rest[1:]]
