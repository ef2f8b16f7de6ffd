"""Contradictions between uploads, as results.json lists them."""

from typing import Any, NamedTuple


class Contradiction(NamedTuple):
    """Rules of different clients with the same condition and different outcomes.

    Attributes:
        condition: what a question is about, in lower case.
        support: number of clients by outcome.
        kept: the outcome in the merged prompt.
        settled_by: "support" or "validation".
    """

    condition: str
    support: dict[str, int]
    kept: str
    settled_by: str

    def as_json(self) -> dict[str, Any]:
        """Return the entry of results.json."""
        return self._asdict()
