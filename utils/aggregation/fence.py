"""Uploads are data, not instructions: how they are put before a model, and how its reply is read."""

import re

from textgrad.errors import BadReply
from textgrad.prompts import between, contains_tag, fence
from utils.aggregation.prompts import FENCE_TAG, MERGED_TAGS

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HALF_SURROGATES = re.compile(r"[\ud800-\udfff]")
_TAGS = (FENCE_TAG, "IMPROVED_VARIABLE")


def readable(text: str) -> str:
    """The text without what cannot be printed or stored: control characters go, half surrogates become U+FFFD.

    An upload may come from another machine: an escape sequence must not reach a terminal, and a text that is no
    valid UTF-8 must not break the call log. Lines and tabs stay.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HALF_SURROGATES.sub("\ufffd", _CONTROL.sub("", lines)).strip()


def fenced(texts: list[str]) -> str:
    """Return the texts one after the other, each in a numbered fence; see `textgrad.prompts.fence`."""
    blocks = ("".join(fence(FENCE_TAG, text, _TAGS, f'client="{n}"')) for n, text in enumerate(texts, start=1))
    return "\n".join(blocks).removesuffix("\n")


def merged_text(reply: str) -> str:
    """The text between the reply's tags.

    Raises:
        BadReply: there are no tags, or nothing between them, or a fence was copied.
    """
    text = readable(between(reply, MERGED_TAGS))
    if not text or contains_tag(text, _TAGS):
        raise BadReply(f"tags of the request stand between {' and '.join(MERGED_TAGS)}" if text else "it holds no text")
    return text
