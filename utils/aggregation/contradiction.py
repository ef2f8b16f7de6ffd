"""Contradictions between uploads, as results.json lists them."""

from typing import Any, NamedTuple


class Contradiction(NamedTuple):
    """Rules of different clients with the same condition, or changes of the same instruction, with different outcomes.

    Attributes:
        condition: what a question is about, in lower case, or the instruction in the broadcast prompt.
        support: number of clients by outcome.
        kept: the outcome in the merged prompt; "" if the token budget left it out.
        settled_by: "support", "validation" or "call".
    """

    condition: str
    support: dict[str, int]
    kept: str
    settled_by: str

    def as_json(self) -> dict[str, Any]:
        """Return the entry of results.json."""
        return self._asdict()
