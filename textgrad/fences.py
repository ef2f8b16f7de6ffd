"""Fences: tags around untrusted text that no text can close. `textgrad.tagged` reads such tags in replies."""

import functools
import re
from collections.abc import Iterable, Sequence

Content = str | bytes | Sequence[str | bytes]

CONVERSATION_TAGS = (
    "LM_SYSTEM_PROMPT",
    "LM_INPUT",
    "LM_OUTPUT",
    "FUNCTION_PURPOSE",
    "INPUTS_TO_FUNCTION",
    "OUTPUT_OF_FUNCTION",
)
# ACCURACY is not listed: prompts ask models to answer in it, so they must be able to name it.
FENCES = (
    *CONVERSATION_TAGS,
    "CONVERSATION",
    "OBJECTIVE_FUNCTION",
    "VARIABLE",
    "ROLE",
    "FEEDBACK",
    "CONTEXT",
    "CONSTRAINTS",
    "EXAMPLES",
    "PAST_VERSION",
    "PAST_FEEDBACK",
    "IMPROVED_VARIABLE",
)


@functools.cache
def _tag_starts(tags: Sequence[str]) -> re.Pattern[str]:
    """Match the `<` of anything a reader may take for one of the tags: any letter case, spaces, attributes, no end."""
    names = "|".join(map(re.escape, tags))
    spaced_opening = rf"\s+(?:{names})(?:\s*/?\s*>|\s+[\w:-]+\s*=)"  # but not the "<" of "a < variable"
    return re.compile(rf"<(?=(?:\s*/\s*)?(?:{names})\b|{spaced_opening})", re.IGNORECASE)


@functools.cache
def _escaped_tag_starts(tags: Sequence[str]) -> re.Pattern[str]:
    """Match the `[` of an escaped tag."""
    names = "|".join(map(re.escape, tags))
    attributes = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"\n]*"|'[^'\n]*'))*"""
    return re.compile(rf"\[(?=\s*(?:/\s*)?(?:{names}){attributes}\s*(?:/\s*)?>)", re.IGNORECASE)


def contains_tag(text: str, tags: Sequence[str] = FENCES) -> bool:
    """Return True if the text contains one of the tags, opening or closing, however sloppily written."""
    return "<" in text and _tag_starts(tuple(tags)).search(text) is not None


def escape_tags(text: str, tags: Sequence[str] = FENCES) -> str:
    """Return the text with the `<` of every tag replaced by `[`, as in `[/LM_OUTPUT>`; all other text is unchanged.

    Nothing is removed, so the escaped text cannot form a new tag.

    Args:
        text: any text.
        tags: names of the tags in use in the request, without brackets.
    """
    return _tag_starts(tuple(tags)).sub("[", text) if "<" in text else text


def restore_tags(text: str, tags: Sequence[str] = FENCES) -> str:
    """Undo `escape_tags` for well-formed tags, so that a prompt may mention a tag and still be shown and rewritten."""
    return _escaped_tag_starts(tuple(tags)).sub("<", text) if "[" in text else text


def fence(tag: str, content: Content, tags: Sequence[str] = FENCES, attributes: str = "") -> list[str | bytes]:
    """Return untrusted text and images between tags that no text can close.

    Args:
        tag: name of the fence.
        content: a text, an image, or several of them.
        tags: names of all tags in use in the request; they are escaped in the content.
        attributes: added to the opening tag, such as `client="1"`.
    """
    parts = [content] if isinstance(content, str | bytes) else content
    return wrap(tag, [escape_tags(part, tags) if isinstance(part, str) else part for part in parts], attributes)


def fence_text(tag: str, text: str, tags: Sequence[str] = FENCES, attributes: str = "") -> str:
    """Return `fence` of a single text as one text without a final line break."""
    return "".join(part for part in fence(tag, text, tags, attributes) if isinstance(part, str)).removesuffix("\n")


def wrap(tag: str, parts: Iterable[str | bytes], attributes: str = "") -> list[str | bytes]:
    """Return parts that are already safe between an opening and a closing tag."""
    parts = list(parts)
    ends_line = bool(parts) and isinstance(parts[-1], str) and parts[-1].endswith("\n")
    opening = f"<{tag} {attributes}>\n" if attributes else f"<{tag}>\n"
    return [opening, *parts, f"</{tag}>\n" if ends_line else f"\n</{tag}>\n"]
