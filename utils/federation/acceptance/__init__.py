"""Acceptance rules decide whether a client keeps a rewrite. One file per rule, found by its name."""

from collections.abc import Callable, Sequence
from typing import cast

from textgrad.discovery import load, names_in

Rule = Callable[[Sequence[int], Sequence[int]], bool]

PACKAGE = "utils.federation.acceptance"
RULES = names_in(PACKAGE)


def acceptance_rule(name: str) -> Rule:
    """Return the function `accept(before, after)` of a rule.

    Args:
        name: the rule's file name, such as "not_worse".

    Raises:
        UsageError: no rule has this name.
    """
    return cast(Rule, load(PACKAGE, name, "acceptance rule").accept)
