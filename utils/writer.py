"""What a run tells is written beside it, in the order in which it was told: a thousand files take half a second."""

import threading
from collections import deque
from collections.abc import Callable

from textgrad.concurrency import Handle, beside, in_a_hurry


class Writer:
    """Pieces of writing that wait for their turn, and for what they are to tell."""

    def __init__(self):
        self._waiting: deque[tuple[Handle | None, Callable[[], None]]] = deque()
        self._at_work: Handle | None = None
        self._lock = threading.Lock()

    def later(self, handle: Handle | None, write: Callable[[], None]) -> None:
        """Adds a piece.

        Args:
            handle: what has to succeed first, if anything.
            write: called without arguments.

        Raises: as `go_on`.
        """
        self._waiting.append((handle, write))
        self.go_on()

    def go_on(self) -> None:
        """Begins to write what is due, up to the first piece that has to wait.

        Raises:
            BrokenSystem: what was due before could not be written.
        """
        with self._lock:
            if self._at_work is not None and self._at_work.done():
                done, self._at_work = self._at_work, None
                done.result()
            if self._at_work is None and self._is_due():
                if in_a_hurry():
                    self._write()
                else:
                    self._at_work = beside(self._write)

    def finish(self) -> None:
        """Returns when all that is due has been written. Raises: as `go_on`."""
        if self._at_work is not None:
            self._at_work.result()
        self._write()

    def stop(self) -> None:
        """Leaves what waits, and returns when nobody writes any more."""
        self._waiting.clear()
        if self._at_work is not None:
            self._at_work.wait()

    def _is_due(self) -> bool:
        return bool(self._waiting) and (self._waiting[0][0] is None or self._waiting[0][0].succeeded())

    def _write(self) -> None:
        while self._is_due():
            self._waiting.popleft()[1]()
