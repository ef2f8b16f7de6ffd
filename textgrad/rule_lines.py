"""Rules as lines of a prompt: "If it is about printers, copiers or scanners, answer K7."

The optimizer `rules` writes such lines, and the aggregator `union` compares them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_LINE = re.compile(r"\s*(?:[-*]\s+)?If it is about (?P<subjects>.+), answer (?P<answer>.+?)\.?\s*", re.IGNORECASE)
_SEPARATOR = re.compile(r",\s+(?:or\s+)?|\s+or\s+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        subjects: what a question may be about, at least one, without commas and "or".
        answer: the right answer to such a question.
    """

    subjects: tuple[str, ...]
    answer: str

    def __str__(self) -> str:
        *others, last = self.subjects
        subjects = f"{', '.join(others)} or {last}" if others else last
        return f"If it is about {subjects}, answer {self.answer}."

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Return the rule in a line, or None if the line is not a rule."""
        match = _LINE.fullmatch(line)
        return cls(tuple(_SEPARATOR.split(match["subjects"])), match["answer"].strip()) if match else None


def subject(text: str) -> str:
    """Return a text as it may stand in a rule: on one line, without a separator of subjects; "" if nothing is left."""
    return _SPACES.sub(" ", _SEPARATOR.split(text.strip())[0]).strip(" \t\n.,;:!?\"'()")


def put_rules(prompt: str, rules: Iterable[Rule]) -> str:
    """Return a prompt with rules. A rule takes the place of the first rule with the same answer, or ends the prompt.

    Args:
        prompt: any text, with or without rules.
        rules: at most one per answer.
    """
    new = {rule.answer.casefold(): str(rule) for rule in rules}
    lines: list[str] = []
    placed: set[str] = set()
    for line in prompt.splitlines():
        old = Rule.read(line)
        answer = old.answer.casefold() if old else ""
        if answer not in new:
            lines.append(line)
        elif answer not in placed:
            lines.append(new[answer])
            placed.add(answer)
    return "\n".join([*lines, *(line for answer, line in new.items() if answer not in placed)])
