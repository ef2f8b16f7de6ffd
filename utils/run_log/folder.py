"""The folder of a run: its name, its lock, its configuration, and its prompts."""

import contextlib
import os
import re
import time
from pathlib import Path
from typing import Any

import filelock

from textgrad.errors import StopRun, UsageError
from textgrad.system_errors import file_error
from textgrad.text import REPLACEMENT, printable, read_json
from utils.config import Config
from utils.federation.setup import Federation
from utils.files import atomic_write, reporting_os_errors, to_json
from utils.run_log.identity import as_begun, data_record, differences, options_of, remarks, updated
from utils.run_log.lock import FolderLock
from utils.run_log.provenance import provenance
from utils.run_log.stored_config import read_config


class RunFolder:
    """The folder `<log_dir>/<run_name>`, used by one process at a time.

    Args:
        config: of the run.

    Raises:
        UsageError: `--run_name` is not the name of a folder.
    """

    def __init__(self, config: Config):
        name = config.run_name or _default_name(config)
        check_run_name(name)
        self.name, self.path = name, Path(config.log_dir) / name
        self.config = self._as_begun(config)
        self._rounds_in_results = 0
        self._lock = FolderLock(self.path, timeout=0)

    def open(self, federation: Federation) -> list[str]:
        """Create the folder, or continue in it.

        Returns:
            what the user should know if the folder contains a run, one line each.

        Raises:
            UsageError: the folder cannot be created, has other options, data or more rounds, or is used by another
                process.
        """
        try:
            (self.path / "prompts").mkdir(mode=0o700, parents=True, exist_ok=True)
            said = self._lock.acquire()
        except filelock.Timeout as error:
            raise UsageError(
                f"{self.path} is in use by another process: wait for it, or choose another --run_name"
            ) from error
        except StopRun:
            raise
        except (OSError, ValueError) as error:
            raise file_error(f"--log_dir {self.config.log_dir}: cannot create the folder", self.path, error) from error
        said += self._open_config(federation)
        with contextlib.suppress(UsageError, LookupError, TypeError):  # missing, or not ours
            self._rounds_in_results = len(read_json(self.path / "results.json")["rounds"]) - 1
        self._set_latest()
        return said

    def _as_begun(self, config: Config) -> Config:
        with contextlib.suppress(UsageError, LookupError, TypeError, AttributeError):  # missing, or reported by `open`
            return as_begun(read_config(self.path / "config.json"), config)
        return config

    def close(self) -> None:
        """Unlock the folder."""
        self._lock.release()

    def outgrow_results(self, round_number: int) -> None:
        """Remove results.json before the ledger gets a round that it lacks: the run has been continued since."""
        path = self.path / "results.json"
        if round_number > self._rounds_in_results and path.exists():
            with reporting_os_errors(path):
                path.unlink()

    def write_prompt(self, name: str, text: str) -> None:
        """Write a prompt to prompts/<name>.txt."""
        atomic_write(self.path / "prompts" / f"{name}.txt", text)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file."""
        atomic_write(self.path / name, to_json(value, indent=2) + "\n")

    def _open_config(self, federation: Federation) -> list[str]:
        """Write config.json, or compare it with this run and bring it up to date; return remarks for the user."""
        path = self.path / "config.json"
        facts = {"engines": federation.engines.endpoints(), "data": data_record(federation.tasks)}
        if not path.exists():
            self.write_json("config.json", {**self._new_config(federation), **facts})
            return []
        stored = read_config(path)
        try:
            if different := differences(stored, self.config, facts["data"]):
                raise UsageError(
                    f"{self.path} contains another run: {'; '.join(different)}; give the same options and data to "
                    "continue it, or another --run_name"
                )
            self._check_rounds()
            said, config = remarks(stored, self.config, facts), updated(stored, self.config, facts)
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"cannot read {path}: {error!r}; remove it to continue with the given options") from error
        self.write_json("config.json", config)
        return said

    def _check_rounds(self) -> None:
        """Raise `UsageError` if the run has more rounds than it should get."""
        files = [re.match(r"round(\d+)_", path.name) for path in (self.path / "prompts").glob("round*.txt")]
        done = max((int(match[1]) for match in files if match), default=0)
        if self.config.max_epochs < done:
            raise UsageError(
                f"{self.path} has {done} rounds already, and --rounds is {self.config.max_epochs}: "
                f"give --rounds {done} or more to continue it, or another --run_name"
            )

    def _new_config(self, federation: Federation) -> dict[str, Any]:
        return {
            "options": options_of(self.config),
            "simulated": federation.engines.simulated,
            **provenance(),
        }

    def _set_latest(self) -> None:
        """Point the link logs/latest to this folder, unless something else has that name."""
        link, new = self.path.parent / "latest", self.path.parent / f".latest{os.getpid()}"
        if link.is_symlink() or not link.exists():
            with contextlib.suppress(OSError):  # some systems do not allow links
                new.unlink(missing_ok=True)
                new.symlink_to(self.path.name)
                new.replace(link)


def check_run_name(name: str) -> None:
    """Raise `UsageError` unless `--run_name` can be the name of a visible folder."""
    if Path(name).name != name or name.startswith(".") or not name.isprintable() or REPLACEMENT in name:
        raise UsageError(f"invalid --run_name {name!r}: use letters, digits, - and _")


def _default_name(config: Config) -> str:
    tasks = printable("+".join(Path(task).stem for task in config.task))[:80].replace(REPLACEMENT, "_")
    tasks = tasks.encode()[:150].decode(errors="ignore")  # file systems allow 255 bytes
    return " ".join(f"{time.strftime('%Y%m%d-%H%M%S')}_{config.module}_{tasks}_seed{config.seed}".split())
