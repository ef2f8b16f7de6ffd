"""Write log files in the background, in the order in which they were submitted."""

import threading
from collections import deque
from collections.abc import Callable

from textgrad.concurrency import BackgroundTask, run_in_background


class Writer:
    """A queue of writes, each of which may wait for a background task. Nothing is written after a failure."""

    def __init__(self):
        self._waiting: deque[tuple[BackgroundTask | None, Callable[[], None]]] = deque()
        self._at_work: BackgroundTask | None = None
        self._failure: BaseException | None = None
        self._stopped = False
        self._lock = threading.Lock()  # whoever holds it decides who writes; who writes beside the run needs none

    def later(self, handle: BackgroundTask | None, write: Callable[[], None]) -> None:
        """Adds a piece.

        Args:
            handle: what has to succeed first, if anything.
            write: called without arguments.

        Raises:
            BrokenSystem: an earlier piece could not be written.
        """
        self._waiting.append((handle, write))
        self.go_on()
        if self._failure is not None:
            raise self._failure

    def go_on(self) -> None:
        """Begins to write what is due, up to the first piece that has to wait. A failure is the next one's to hear who
        adds a piece, or finishes: no client is to fail with it."""
        with self._lock:
            if (self._at_work is None or self._at_work.done()) and self._is_due():
                self._at_work = run_in_background(self._write)

    def finish(self) -> None:
        """Returns when all that is due has been written. Raises: as `later`."""
        with self._lock:
            if self._at_work is not None:
                self._at_work.wait()
            self._write()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Leaves what waits, and returns when nobody writes any more."""
        self._stopped = True
        with self._lock:
            if self._at_work is not None:
                self._at_work.wait()

    def _is_due(self) -> bool:
        if self._stopped or self._failure is not None or not self._waiting:
            return False
        handle, _ = self._waiting[0]
        return handle is None or handle.succeeded()

    def _write(self) -> None:
        while self._is_due():
            _, write = self._waiting.popleft()
            try:
                write()
            except BaseException as error:  # kept for whoever has to hear of it
                self._failure = error
