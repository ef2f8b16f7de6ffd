"""How far a run is: its phase, and its calls out of those that a dry run expects."""

import threading
from collections import Counter
from collections.abc import Mapping

from textgrad.concurrency import Scope, current_scope


class Progress:
    """Phase and calls of a run. Calls from the cache count too.

    Calls are counted by part: the first label of their scope, which names a round or an evaluation. The total is
    corrected by each part that ends with other than the expected calls.

    Args:
        rounds: number of rounds.

    Attributes:
        phase: such as "round 2/3, merging".
    """

    def __init__(self, rounds: int):
        self._rounds = rounds
        self._round = 0
        self.phase = "starting"
        self.calls: Counter[Scope] = Counter()
        self._expected: Mapping[Scope, int] = {}
        self._lock = threading.Lock()

    def begin(self, phase: str, round_number: int = 0) -> None:
        """Enter a phase of a round, or of the end of the run if `round_number` is 0."""
        with self._lock:
            self._round = round_number or self._rounds + 1
            self.phase = f"round {round_number}/{self._rounds}, {phase}" if round_number else phase

    def count(self) -> None:
        """Count one call, in the current scope."""
        with self._lock:
            self.calls[current_scope()[:1]] += 1

    def expect(self, calls: Mapping[Scope, int]) -> None:
        """Set the expected calls by part."""
        with self._lock:
            self._expected = calls

    @property
    def total(self) -> int | None:
        """Expected calls of the run, at least those counted so far; None if nothing is known."""
        with self._lock:
            if not self._expected:
                return None
            return sum(self._total_of(part) for part in {*self.calls, *self._expected})

    def _total_of(self, part: Scope) -> int:
        counted = self.calls[part]
        is_over = bool(part) and part[0][0] == "round" and part[0][1] < self._round
        return counted if is_over else max(counted, self._expected.get(part, 0))
