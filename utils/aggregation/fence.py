"""Uploads are data, not instructions: how they are put before a model, and how its reply is read."""

import re

from textgrad.errors import BadReply
from textgrad.prompts import between
from utils.aggregation.prompts import FENCE_TAG, MERGED_TAGS

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HALF_SURROGATES = re.compile(r"[\ud800-\udfff]")
_OUR_TAGS = re.compile(rf"<(?=\s*/?\s*(?:{FENCE_TAG}|IMPROVED_VARIABLE)\b)", re.IGNORECASE)


def readable(text: str) -> str:
    """The text without what cannot be printed or stored: control characters go, half surrogates become U+FFFD.

    An upload may come from another machine: an escape sequence must not reach a terminal, and a text that is no
    valid UTF-8 must not break the call log. Lines and tabs stay.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HALF_SURROGATES.sub("\ufffd", _CONTROL.sub("", lines)).strip()


def fenced(texts: list[str]) -> str:
    """The texts one after the other, each between the fence's tags, which no text can close or open.

    Args:
        texts: any texts; a tag of the fence or of the reply in them loses its angle bracket, all else stays.
    """
    return "\n\n".join(
        f'<{FENCE_TAG} client="{number}">\n{_OUR_TAGS.sub("[", text)}\n</{FENCE_TAG}>'
        for number, text in enumerate(texts, start=1)
    )


def merged_text(reply: str) -> str:
    """The text between the reply's tags.

    Raises:
        BadReply: there are no tags, or nothing between them, or a fence was copied.
    """
    text = readable(between(reply, MERGED_TAGS))
    if not text or _OUR_TAGS.search(text):
        raise BadReply(f"tags of the request stand between {' and '.join(MERGED_TAGS)}" if text else "it holds no text")
    return text
