"""Replies of a required form: a reply without it is requested once more."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from textgrad.engine.reply import flaw_of
from textgrad.errors import BadReply

Parsed = TypeVar("Parsed")


def usable(reply: str) -> str:
    """Return the stripped reply.

    Raises:
        BadReply: the reply is empty, truncated, or has another flaw.
    """
    if flaw := flaw_of(reply):
        raise BadReply(f"the reply was {flaw}", kind=str(flaw))
    return str(reply).strip()


def ask_until(
    engine,
    content,
    parse: Callable[[str], Parsed],
    *,
    system_prompt: str | None = None,
    hint: str,
    within: Sequence[str] | None = None,
    again: tuple | None = None,
) -> Parsed:
    """Return the parsed reply of an engine. If it cannot be parsed, ask once more, with a hint.

    Args:
        engine: called as `engine(content, system_prompt=...)`.
        content: str, or list of str and bytes.
        parse: raises `BadReply` for a reply without the required form.
        system_prompt: of the request.
        hint: what to correct, in one sentence; added to the second request.
        within: opening and closing tag that must enclose the whole reply, for engines that can enforce it.
        again: content and system prompt of the second request, which gets the hint; the same as before by default.

    Raises:
        BadReply: the second reply cannot be parsed either.
    """
    form = {"within": tuple(within)} if within and getattr(engine, "enforces_form", False) else {}
    try:
        return parse(usable(engine(content, system_prompt=system_prompt, **form)))
    except BadReply as problem:
        reminder = f"\n\nAn earlier reply to this request could not be used: {problem}. {hint}"
    content, system_prompt = again or (content, system_prompt)
    hinted = content + reminder if isinstance(content, str) else [*content, reminder]
    return parse(usable(engine(hinted, system_prompt=system_prompt, **form)))
