"""The lock of a folder: one process at a time, where its file system supports locks."""

from pathlib import Path

import filelock

from textgrad.errors import StopRun
from textgrad.system_errors import NO_LOCKS, file_error


class FolderLock:
    """A lock on a folder, held until `release`. On a file system without locks it protects nothing.

    Args:
        folder: exists when the lock is acquired.
        timeout: seconds to wait for another process; -1 for no limit.
    """

    def __init__(self, folder: Path, timeout: float = -1):
        self.folder = folder
        self._lock = filelock.FileLock(folder / ".lock", timeout=timeout, mode=0o600)

    def acquire(self) -> list[str]:
        """Acquire the lock.

        Returns:
            A warning if the file system does not support locks, else nothing.

        Raises:
            filelock.Timeout: another process holds it.
            UsageError, BrokenSystem: its file cannot be created.
        """
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise
        except NotImplementedError as error:
            return [self._warning(error)]
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise file_error("cannot create", self.folder / ".lock", error) from error
            return [self._warning(error)]
        return []

    def release(self) -> None:
        """Release the lock, if it is held."""
        self._lock.release()

    def _warning(self, error: Exception) -> str:
        reason = getattr(error, "strerror", None) or error
        return (
            f"warning: {self.folder} cannot be locked ({reason}): its file system supports no locks; "
            "use it in one process at a time"
        )


def is_locked(folder: Path) -> bool:
    """Return True while a process holds the lock of a folder; False where it cannot be seen."""
    if not (folder / ".lock").exists():
        return False
    lock = FolderLock(folder, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        return True
    except StopRun:  # a folder that only its owner may write
        return False
    lock.release()
    return False
