"""Write log files in the background, in the order in which the writes were submitted."""

import queue
import threading
from collections.abc import Callable

from textgrad.concurrency import BackgroundTask

Write = Callable[[], None]


class Writer:
    """One queue and one thread. Each write may wait for a background task; after a failure nothing is written."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Write, BackgroundTask | None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._writing = threading.Lock()
        self._failure: BaseException | None = None
        self._stopped = False

    def submit(self, write: Write, after: BackgroundTask | None = None) -> None:
        """Add a write to the queue.

        Args:
            write: called without arguments.
            after: a task that must succeed first. If it fails, nothing more is written.

        Raises:
            BrokenSystem: an earlier write failed.
        """
        self._raise_failure()
        if not self._thread.ident:
            self._thread.start()
        self._queue.put((write, after))

    def finish(self) -> None:
        """Wait until everything has been written. Raises: as `submit`."""
        if self._thread.ident:
            self._queue.put(None)
            self._thread.join()
        self._raise_failure()

    def stop(self) -> None:
        """Discard what waits in the queue. Afterwards nothing is written."""
        self._stopped = True
        with self._writing:  # wait for a write that has begun
            pass

    def _run(self) -> None:
        while item := self._queue.get():
            write, after = item
            if after:
                after.wait()
                if not after.succeeded():
                    return
            with self._writing:
                if self._stopped:
                    return
                try:
                    write()
                except BaseException as error:  # raised again in the thread that submits or finishes
                    self._failure = error
                    return

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
