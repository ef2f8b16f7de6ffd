"""A world of `textgrad.tasks.rules`: its house rules and the phrases of its texts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One thing that texts are about.

    Attributes:
        label: completes "If it is about ...".
        things, details: a thing and a detail, joined by a space, form the core of a text.
    """

    label: str
    things: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """One set of house rules and the phrases of its texts.

    Attributes:
        purpose: "design" for worlds on which defaults are chosen, "report" for worlds on which results are reported.
        task: first sentence of the initial prompt.
        topics: topics by code. The house rules are: texts about this topic go to this code.
        extras: phrases without a meaning for any rule, by name.
        patterns: texts with the fields {core} or {Core}, and names of extras, also capitalized.
    """

    purpose: str
    task: str
    topics: dict[str, Topic]
    extras: dict[str, tuple[str, ...]]
    patterns: tuple[str, ...]


def phrases(text: str) -> tuple[str, ...]:
    """Return the parts of a text between "|"."""
    return tuple(part.strip() for part in text.split("|"))
