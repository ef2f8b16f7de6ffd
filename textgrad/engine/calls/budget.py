"""Hard caps on the calls, tokens and dollars of a run, over all clients and roles."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from textgrad.engine.reply import Reply
from textgrad.errors import BudgetSpent

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens of requests and of replies, each >= 0.

    Attributes:
        source: where the price comes from.
    """

    request: float
    reply: float
    source: str = field(default="", compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the price for results.json."""
        return dataclasses.asdict(self)

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Return the cost in dollars."""
        return (self.request * prompt_tokens + self.reply * completion_tokens) / MILLION


class Budget:
    """Usage so far, and admission of calls that cannot exceed a cap.

    Calls that are answered by the call log count too: an earlier process of the same run paid for them.

    Args:
        max_calls, max_tokens, max_cost: caps, or None. Tokens include requests and replies.
        prices: by role; roles without a price are free.

    Attributes:
        reached: the cap that refused a call: "calls", "tokens", "dollars", or None.
        required: the cap that would have allowed this call.
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
        self.reached: str | None = None
        self.required = 0.0
        self.used = dict.fromkeys(self.caps, 0.0)
        self._reserved = dict.fromkeys(self.caps, 0.0)
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def reserved(self, role: str, prompt_tokens: int, max_tokens: int) -> Iterator[None]:
        """Reserve the maximum usage of one call while it is in flight.

        Wait while the reservations of other calls leave too little: most calls use less than they reserve.

        Args:
            role: of the engine.
            prompt_tokens: upper bound.
            max_tokens: maximum length of the reply.

        Raises:
            BudgetSpent: the call could exceed a cap.
        """
        if not self.capped:
            yield
            return
        needed = self._amounts(role, prompt_tokens, max_tokens)
        with self._changed:
            while cap := self._exceeded_cap(needed):
                if not self._reserved["calls"]:
                    self.reached, self.required = cap, self.used[cap] + needed[cap]
                    raise BudgetSpent(
                        f"the cap of {self.caps[cap]:g} {cap} is reached ({self.used[cap]:.6g} used; "
                        f"the next call may need {needed[cap]:.6g})"
                    )
                self._changed.wait()
            self._reserve(needed, 1)
        try:
            yield
        finally:
            with self._changed:
                self._reserve(needed, -1)
                self._changed.notify_all()

    def charge(self, role: str, reply: Reply) -> None:
        """Add the usage of a call, made now or by an earlier process of the run."""
        amounts = self._amounts(role, reply.prompt_tokens or 0, reply.completion_tokens or 0)
        with self._changed:
            for kind, amount in amounts.items():
                self.used[kind] += amount

    def _amounts(self, role: str, prompt_tokens: int, completion_tokens: int) -> dict[str, float]:
        price = self.prices.get(role)
        return {
            "calls": 1,
            "tokens": prompt_tokens + completion_tokens,
            "dollars": price.of(prompt_tokens, completion_tokens) if price else 0.0,
        }

    def _reserve(self, amounts: dict[str, float], sign: int) -> None:
        for kind, amount in amounts.items():
            self._reserved[kind] += sign * amount

    def _exceeded_cap(self, needed: dict[str, float]) -> str | None:
        for kind, cap in self.caps.items():
            if cap is not None and self.used[kind] + self._reserved[kind] + needed[kind] > cap:
                return kind
        return None
