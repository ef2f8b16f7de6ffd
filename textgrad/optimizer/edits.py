"""edits: the optimizer lists lines to add, replace or remove, and the program applies them. Nothing else can get lost.

Incremental edits instead of whole rewrites follow ACE (Zhang et al., 2025, "Agentic Context Engineering: Evolving
Contexts for Self-Improving Language Models").
"""

import re
from collections.abc import Sequence

from textgrad import prompts
from textgrad.errors import BadReply
from textgrad.fences import restore_tags
from textgrad.optimizer._base import Example
from textgrad.optimizer._from_examples import FromExamples, shown
from textgrad.tokens import check_length

_MOST = 3  # edits per step
_EDIT = re.compile(
    r"[\s>*`-]*(?:\d{1,2}[.)]\s*)?[*`]*(?:(?P<add>ADD)|REPLACE\s+(?:line\s+)?(?P<replaced>\d{1,6})(?:\s+with)?|REMOVE\s+(?:line\s+)?(?P<removed>\d{1,6}))"
    r"[\s*`]*(?:[:\-–]\s*(?P<text>.*?))?[\s`]*",
    re.IGNORECASE,
)


class Edits(FromExamples):
    """Proposes the present value with at most three lines added, replaced or removed."""

    system_prompt = prompts.EDITS_SYSTEM_PROMPT
    hint = prompts.EDITS_HINT

    def request(self, value: str, wrong: list[Example]) -> str:
        """Return the request; see `FromExamples.request`."""
        return prompts.edits_request(value.splitlines(), shown(wrong))

    def read(self, reply: str, value: str) -> str:
        """Return the value with the edits of a reply.

        Raises:
            BadReply: the reply has no edit that can be applied, or the result is not usable.
        """
        return self.check(check_length(apply_edits(value, reply), self.token_budget))


def apply_edits(value: str, reply: str) -> str:
    """Return a text with the edits that a reply lists, one per line: "ADD: ...", "REPLACE 2: ..." or "REMOVE 2".

    Only the first three are applied. Line numbers refer to the text before the edits; a number that it does not have,
    an addition that it has already and other lines of the reply are ignored.

    Args:
        value: any text, with at least one line.
        reply: an LLM's reply.

    Raises:
        BadReply: no edit could be applied, or nothing would be left.
    """
    lines: list[str | None] = list(value.splitlines())
    added: list[str] = []
    applied = 0
    for match in filter(None, map(_EDIT.fullmatch, restore_tags(reply).splitlines())):
        if applied < _MOST and _apply(match, lines, added):
            applied += 1
    left = [line for line in [*lines, *added] if line is not None]
    if not applied or not any(line.strip() for line in left):
        raise BadReply("it lists no edit that can be applied", kind="no edit")
    return "\n".join(left)


def _apply(match: re.Match, lines: list[str | None], added: list[str]) -> bool:
    """Apply one edit; return False if it cannot be applied."""
    text, number = (match["text"] or "").strip(), int(match["replaced"] or match["removed"] or 0)
    if match["add"]:
        known = {line.strip() for line in _texts([*lines, *added])}
        added += [text] if text and text not in known else []
        return bool(text) and text not in known
    if not 1 <= number <= len(lines) or match["replaced"] and not text:
        return False
    lines[number - 1] = text if match["replaced"] else None
    return True


def _texts(lines: Sequence[str | None]) -> list[str]:
    return [line for line in lines if line is not None]


OPTIMIZER = Edits
