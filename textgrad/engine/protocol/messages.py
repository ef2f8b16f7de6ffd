"""The OpenAI chat protocol as data: our messages as a request's, and a response's JSON as a `Reply`."""

import base64
from collections.abc import Sequence
from typing import Any

from textgrad.engine.reply import Reply
from textgrad.errors import TransientError, UsageError

_IMAGE_KINDS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))
_FINISH = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}


def wire_messages(messages: Sequence[dict[str, Any]], is_multimodal: bool, model: str) -> list[dict[str, Any]]:
    """Messages as the protocol has them: images as data URLs.

    Args:
        messages: as `messages_of` makes them; parts that are dicts already are sent as they are.
        is_multimodal: whether images may be sent.
        model: for the error message.

    Raises:
        UsageError: an image for a model that takes none, or of an unknown kind.
    """
    return [{**message, "content": _content(message["content"], is_multimodal, model)} for message in messages]


def _content(content, is_multimodal: bool, model: str):
    if isinstance(content, str):
        return encodable(content)
    if all(isinstance(part, str) for part in content):
        return encodable("\n\n".join(content))  # small servers take text only as one string
    if not is_multimodal and any(isinstance(part, bytes) for part in content):
        raise UsageError(
            f"engine {model} was given an image but takes text only: choose a model that sees images, or "
            f"pass is_multimodal=True if this one does"
        )
    return [_part(part) for part in content]


def _part(part) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": encodable(part)}
    if isinstance(part, bytes):
        url = f"data:image/{image_kind(part)};base64,{base64.b64encode(part).decode('ascii')}"
        return {"type": "image_url", "image_url": {"url": url}}
    return part


def encodable(text: str) -> str:
    """The text with halves of characters replaced, such as of an emoji that a reply was cut off in.

    JSON can spell them, but they can neither be sent nor be written to a file.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def image_kind(image: bytes) -> str:
    """ "png", "jpeg", "gif" or "webp", by the first bytes of an image's file.

    Raises:
        UsageError: it is none of them.
    """
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "webp"
    for start, kind in _IMAGE_KINDS:
        if image.startswith(start):
            return kind
    raise UsageError(f"an image of {len(image)} bytes is neither PNG, JPEG, GIF nor WebP: convert it first")


def read_completion(data: dict[str, Any], messages: Sequence[dict[str, Any]]) -> Reply:
    """The reply in the JSON of a chat completion.

    Args:
        data: the response.
        messages: what was sent, to estimate its tokens where the response does not count them.

    Raises:
        TransientError: malformed, when it holds no message.
    """
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise TransientError("the answer is no chat completion: it holds no choice with a message", malformed=True)
    raw = encodable(_text(message.get("content")))
    text = without_thinking(raw)
    finish = _FINISH.get(str(choice.get("finish_reason")).lower(), "stop")
    if message.get("refusal"):
        text, finish = text or str(message["refusal"]), "content_filter"
    usage = data.get("usage") if isinstance(data.get("usage"), dict) else {}
    return Reply(
        text,
        finish,
        _count(usage.get("prompt_tokens"), prompt_tokens(messages)),
        _count(usage.get("completion_tokens"), estimated_tokens(raw)),
    )


def _text(content) -> str:
    """A message's content: a string, null, or a list of parts of which some may be hidden reasoning."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _count(told, estimate: int) -> int:
    return told if isinstance(told, int) and told >= 0 else estimate


def without_thinking(text: str) -> str:
    """The text after a reasoning model's thoughts.

    Only thoughts at its beginning go, as later tags may be meant: a prompt may speak of them. Chat templates that open
    the tag themselves leave only its end; a reply cut off while thinking has only its beginning, and nothing remains.
    """
    thoughts, closing, rest = text.partition("</think>")
    if closing and "<think>" not in thoughts:
        text = rest.lstrip()
    while text.lstrip().startswith("<think>"):
        text = text.partition("</think>")[2].lstrip()
    return text


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has: four characters each."""
    return (len(text) + 3) // 4


def prompt_tokens(messages: Sequence[dict[str, Any]]) -> int:
    """About how many tokens messages have, images left out."""
    return sum(estimated_tokens(_text(message["content"])) for message in messages)


def with_system_in_user(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same messages for a model without a system role: the system prompt heads the user's message."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    rest = [message for message in messages if message["role"] != "system"]
    if not system or not rest:
        return list(messages)
    first, head = rest[0]["content"], "\n\n".join(system)
    joined = f"{head}\n\n{first}" if isinstance(first, str) else [{"type": "text", "text": head}, *first]
    return [{**rest[0], "content": joined}, *rest[1:]]
