"""Acceptance rules decide whether a client keeps a rewrite. One file per rule, found by its name."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from textgrad.discovery import load, names_in

PACKAGE = "utils.federation.acceptance"
RULES = names_in(PACKAGE)


class MoreQuestions(Protocol):
    """Answers further questions of the client under both prompts, which the rewrite has not seen."""

    @property
    def left(self) -> int:
        """Number of questions that may still be asked."""

    def __call__(self, count: int | None = None) -> list[tuple[float, float]]:
        """Return (old, new) per question: the scores in [0, 1] of the answers under both prompts.

        Args:
            count: largest number of questions; by default all that --accept_size still allows. The list is shorter, or
                empty, when the questions or --accept_size are used up.
        """


Rule = Callable[[Sequence[float], Sequence[float], MoreQuestions], bool]


def acceptance_rule(name: str) -> Rule:
    """Return the function `accept(before, after, more)` of a rule.

    Args:
        name: the rule's file name, such as "not_worse".

    Raises:
        UsageError: no rule has this name.
    """
    return cast(Rule, load(PACKAGE, name, "acceptance rule").accept)
