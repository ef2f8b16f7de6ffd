"""Rules as lines of a prompt, one per subject: "If it is about the printer, answer K7."

The optimizer `rules` writes such lines, and the aggregator `union` compares them. A line has one subject: a 0.5B model
followed five such lines per answer twice as often as one line with five subjects.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

_LINE = re.compile(r"\s*(?:[-*]\s+)?If it is about (?P<subject>.+), answer (?P<answer>.+?)\.?\s*", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


class Rule(NamedTuple):
    """One rule.

    Attributes:
        subject: what a question may be about, on one line.
        answer: the right answer to such a question.
    """

    subject: str
    answer: str

    def __str__(self) -> str:
        return f"If it is about {self.subject}, answer {self.answer}."

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Return the rule in a line, or None if the line is not a rule."""
        match = _LINE.fullmatch(line)
        return cls(match["subject"].strip(), match["answer"].strip()) if match else None


def rules_in(prompt: str) -> list[Rule]:
    """Return the rules in a prompt, in order."""
    return [rule for line in prompt.splitlines() if (rule := Rule.read(line))]


def without_rules(prompt: str) -> str:
    """Return the lines of a prompt that are not rules."""
    return "\n".join(line for line in prompt.splitlines() if Rule.read(line) is None)


def put_rules(prompt: str, rules: Mapping[str, Sequence[str]]) -> str:
    """Return a prompt in which rules replace all rules with the same answers. Nothing else changes.

    Args:
        prompt: any text, with or without rules.
        rules: subjects by answer; they stand where the first rule with the answer stood, or at the end.
    """
    left = dict(rules)
    lines: list[str] = []
    for line in prompt.splitlines():
        rule = Rule.read(line)
        if rule is None or rule.answer not in rules:
            lines.append(line)
        else:
            lines += [str(Rule(subject, rule.answer)) for subject in left.pop(rule.answer, ())]
    return "\n".join([*lines, *(str(Rule(subject, answer)) for answer in left for subject in left[answer])])


def subject(text: str) -> str:
    """Return a text as the subject of a rule: on one line, without punctuation around it; "" if nothing is left."""
    return _SPACES.sub(" ", text).strip(" \t\n.,;:!?\"'()-*")
