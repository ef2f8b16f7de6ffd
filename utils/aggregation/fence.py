"""Uploads are data, not instructions: fence them for the model, and parse its reply."""

import re
from collections.abc import Sequence

from textgrad.errors import BadReply
from textgrad.fences import contains_tag, fence_text
from textgrad.tagged import between
from utils.aggregation.prompts import FENCE_TAG, MERGED_TAGS, REQUEST_TAGS

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


def printable(text: str) -> str:
    """Return the text without control characters, with lone surrogates replaced by U+FFFD, stripped.

    An upload may come from another machine: its escape sequences must not reach a terminal, and invalid Unicode must
    not break the call log. Line breaks and tabs stay.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _LONE_SURROGATES.sub("\ufffd", _CONTROL.sub("", lines)).strip()


def fence_prompts(prompts: Sequence[str]) -> str:
    """Return the prompts, each in a numbered fence that no text can close; see `textgrad.fences.fence`."""
    return "\n\n".join(
        fence_text(FENCE_TAG, prompt, REQUEST_TAGS, f'client="{number}"')
        for number, prompt in enumerate(prompts, start=1)
    )


def parse_merge(reply: str) -> str:
    """Return the text between the reply's tags.

    Raises:
        BadReply: the tags are missing, the text is empty, or it contains a tag of the request. The model reads the
            message when it is asked again.
    """
    text = printable(between(reply, MERGED_TAGS))
    if not text or contains_tag(text, REQUEST_TAGS):
        raise BadReply(f"tags of the request stand between {' and '.join(MERGED_TAGS)}" if text else "it holds no text")
    return text


def parse_plain_merge(reply: str) -> str:
    """Return a reply that is nothing but the merged prompt.

    Raises:
        BadReply: it is empty, or contains a tag of the request.
    """
    text = printable(reply)
    if not text or contains_tag(text, REQUEST_TAGS):
        raise BadReply("it contains tags of the request" if text else "it holds no text")
    return text
