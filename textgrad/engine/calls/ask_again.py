"""Asking for a reply of a given form: a reply that lacks it is asked for once more, then given up."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from textgrad.errors import BadReply

Parsed = TypeVar("Parsed")


def usable(reply: str) -> str:
    """The reply, stripped.

    Raises:
        BadReply: it is empty, truncated, or flawed otherwise.
    """
    flaw = getattr(reply, "flaw", None) or (None if reply.strip() else "empty")
    if flaw:
        raise BadReply(f"the reply was {flaw}")
    return str(reply).strip()


def ask_until(
    engine,
    content,
    parse: Callable[[str], Parsed],
    *,
    system_prompt: str | None = None,
    hint: str,
    within: Sequence[str] | None = None,
) -> Parsed:
    """What `parse` makes of the engine's reply; asked once more, with a hint, where it makes nothing of it.

    Args:
        engine: called as `engine(content, system_prompt=...)`.
        content: str, or list of str and bytes.
        parse: raises `BadReply` for a reply without the wanted form.
        system_prompt: for both tries.
        hint: what to mend, in one sentence; shown to the model at the second try.
        within: the two tags of a reply that is all between tags, for an engine that can enforce such a form.

    Raises:
        BadReply: the second reply could not be used either.
    """
    form = {"within": tuple(within)} if within and getattr(engine, "enforces_form", False) else {}
    try:
        return parse(usable(engine(content, system_prompt=system_prompt, **form)))
    except BadReply as problem:
        reminder = f"\n\nAn earlier reply to this request could not be used: {problem}. {hint}"
    again = content + reminder if isinstance(content, str) else [*content, reminder]
    return parse(usable(engine(again, system_prompt=system_prompt, **form)))
