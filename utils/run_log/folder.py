"""The folder of a run: its name, its lock, its configuration, and its prompts."""

import contextlib
import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Any

import filelock

from textgrad.errors import UsageError
from textgrad.prompts import REQUEST_VERSION
from utils.config import RESUME_SAFE, Config
from utils.federation.setup import Federation
from utils.files import atomic_write, to_json
from utils.run_log.provenance import provenance


class RunFolder:
    """The folder `<log_dir>/<run_name>`, used by one process at a time.

    Args:
        config: of the run.

    Raises:
        UsageError: `--run_name` is not the name of a folder.
    """

    def __init__(self, config: Config):
        name = config.run_name or _default_name(config)
        if Path(name).name != name or name.startswith(".") or not name.isprintable():
            raise UsageError(f"invalid --run_name {name!r}: use letters, digits, - and _")
        self.config, self.name, self.path = config, name, Path(config.log_dir) / name
        self._lock = filelock.FileLock(self.path / ".lock", timeout=0, mode=0o600)

    def open(self, federation: Federation) -> bool:
        """Create the folder, or continue in it.

        Returns:
            True if an earlier version of the program started the run, so that some requests are sent again.

        Raises:
            UsageError: the folder cannot be created, has another configuration, or is used by another process.
        """
        try:
            (self.path / "prompts").mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout as error:
            raise UsageError(
                f"{self.path} is in use by another process: wait for it, or choose another --run_name"
            ) from error
        except OSError as error:
            raise UsageError(
                f"--log_dir {self.config.log_dir}: cannot create the folder {self.path}: {error.strerror}"
            ) from error
        stored = self._check_config() or self._write_config(federation)
        self._set_latest()
        return stored.get("request_version", 1) < REQUEST_VERSION

    def close(self) -> None:
        """Unlock the folder."""
        self._lock.release()

    def write_prompt(self, name: str, text: str) -> None:
        """Write a prompt to prompts/<name>.txt."""
        atomic_write(self.path / "prompts" / f"{name}.txt", text)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file."""
        atomic_write(self.path / name, to_json(value, indent=2) + "\n")

    def _check_config(self) -> dict[str, Any] | None:
        """Return the stored config.json, or None if there is none.

        Raises:
            UsageError: an option differs that may not change when a run is resumed.
        """
        path = self.path / "config.json"
        if not path.exists():
            return None
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            defaults = {each.name: each.default for each in dataclasses.fields(Config)}
            before = json.loads(to_json(defaults)) | stored["options"]  # the run may be older than an option
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"cannot read {path}: {error}; remove it to continue with the given options") from error
        now = self._options()
        changed = [name for name in now if name not in RESUME_SAFE and before.get(name) != now[name]]
        if changed:
            changes = ", ".join(f"--{name} was {before.get(name)!r} and is {now[name]!r}" for name in changed)
            raise UsageError(
                f"{self.path} contains a run with another configuration: {changes}; give the same options "
                "to continue it, or another --run_name"
            )
        return stored

    def _write_config(self, federation: Federation) -> dict[str, Any]:
        config = {
            "options": self._options(),
            "engines": federation.engines.endpoints(),
            "simulated": federation.engines.simulated,
            **provenance(),
        }
        self.write_json("config.json", config)
        return config

    def _options(self) -> dict[str, Any]:
        return json.loads(to_json(dataclasses.asdict(self.config)))

    def _set_latest(self) -> None:
        """Point the link logs/latest to this folder, unless something else has that name."""
        link, new = self.path.parent / "latest", self.path.parent / f".latest{os.getpid()}"
        if link.is_symlink() or not link.exists():
            with contextlib.suppress(OSError):  # some systems do not allow links
                new.unlink(missing_ok=True)
                new.symlink_to(self.path.name)
                new.replace(link)


def _default_name(config: Config) -> str:
    tasks = "+".join(Path(task).stem for task in config.task)
    return f"{time.strftime('%Y%m%d-%H%M%S')}_{config.module}_{tasks[:80]}_seed{config.seed}"
