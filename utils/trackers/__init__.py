"""Experiment trackers: services that show a run while it is running. One file per tracker, found by its name.

A tracker's file defines `make(run)`, which returns a `Tracker`, or None to log nothing. It may define `check(config)`,
which raises an error if the tracker cannot be used at all, and UNREACHABLE, the message for a server that does not
respond. A tracker may be slow or fail; the run neither waits for it nor stops.
"""

import contextlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.config import Config

PACKAGE = "utils.trackers"


@dataclass(frozen=True)
class TrackedRun:
    """The run that a tracker shows.

    Attributes:
        config: of the run.
        folder: of the run; exists.
        group: name of the folder of all seeds with --repeats, else "".
    """

    config: Config
    folder: Path
    group: str = ""

    @property
    def name(self) -> str:
        """The folder's name, with the group's name before it."""
        return f"{self.group}/{self.folder.name}" if self.group else self.folder.name

    @property
    def logs(self) -> Path:
        """The folder of all runs."""
        return self.folder.parent.parent if self.group else self.folder.parent

    def id_for(self, tracker: str) -> str:
        """Return the run's id for one tracker: random, and stored in the folder, so that a resumed run keeps it."""
        path = self.folder / f".{tracker}_id"
        with contextlib.suppress(FileExistsError), open(path, "x", encoding="ascii") as file:
            file.write(uuid.uuid4().hex[:16])
        return path.read_text(encoding="ascii")


class Tracker:
    """What a tracker can log; a subclass overrides what its service supports. Errors are reported once, by the log."""

    def log_params(self, params: dict[str, Any]) -> None:
        """Log the options and the sizes of the data, at the start; a resumed run logs them again."""

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log a number; see README.md for names and steps. A resumed run logs the numbers of earlier rounds again."""

    def log_text(self, text: str, step: int) -> None:
        """Log the prompt of a round."""

    def log_file(self, path: Path) -> None:
        """Log a file of the run folder, such as prompts/best.txt."""

    def close(self) -> None:
        """End the experiment and wait until everything has been sent."""
