"""Hard caps on what a run may use: calls, tokens, dollars, over all clients and roles together."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textgrad.engine.reply import Reply
from textgrad.errors import BudgetSpent

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens of requests and of replies; >= 0."""

    request: float
    reply: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Dollars for so many tokens."""
        return (self.request * prompt_tokens + self.reply * completion_tokens) / MILLION


class Budget:
    """What was used, and whether one more call still fits.

    Calls that the call log answers were paid for by an earlier run in the same folder; they count as well.

    Args:
        max_calls, max_tokens, max_cost: caps; None for no cap. Tokens are those of requests and replies together.
        prices: by role; a role without a price costs nothing.
    """

    def __init__(
        self,
        max_calls: int | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        prices: Mapping[str, Price] | None = None,
    ):
        self.caps = {"calls": max_calls, "tokens": max_tokens, "dollars": max_cost}
        self.capped = any(cap is not None for cap in self.caps.values())
        self.prices = prices or {}
        self.used = dict.fromkeys(self.caps, 0.0)
        self._reserved = dict.fromkeys(self.caps, 0.0)
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def reserved(self, role: str, prompt_tokens: int, max_tokens: int) -> Iterator[None]:
        """Holds room for one call while it is in flight, for as long a reply as it may give.

        Waits while calls in flight hold the room, as most give back a part of it.

        Raises:
            BudgetSpent: the call might exceed a cap.
        """
        if not self.capped:
            yield
            return
        need = self._amounts(role, prompt_tokens, max_tokens)
        with self._changed:
            while short := self._short(need):
                if not self._reserved["calls"]:
                    raise BudgetSpent(
                        f"the cap of {self.caps[short]:g} {short} is reached ({self.used[short]:.6g} used; "
                        f"the next call may need {need[short]:.6g})"
                    )
                self._changed.wait()
            self._hold(need, 1)
        try:
            yield
        finally:
            with self._changed:
                self._hold(need, -1)
                self._changed.notify_all()

    def charge(self, role: str, reply: Reply) -> None:
        """Counts a call that was made, now or by an earlier run."""
        amounts = self._amounts(role, reply.prompt_tokens or 0, reply.completion_tokens or 0)
        with self._changed:
            for what, amount in amounts.items():
                self.used[what] += amount

    def _amounts(self, role: str, prompt_tokens: int, completion_tokens: int) -> dict[str, float]:
        price = self.prices.get(role)
        return {
            "calls": 1,
            "tokens": prompt_tokens + completion_tokens,
            "dollars": price.of(prompt_tokens, completion_tokens) if price else 0.0,
        }

    def _hold(self, need: dict[str, float], sign: int) -> None:
        for what, amount in need.items():
            self._reserved[what] += sign * amount

    def _short(self, need: dict[str, float]) -> str | None:
        """The first cap that the call might exceed."""
        return next(
            (
                what
                for what, cap in self.caps.items()
                if cap is not None and self.used[what] + self._reserved[what] + need[what] > cap
            ),
            None,
        )
