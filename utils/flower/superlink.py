"""Commands to a SuperLink, by the `flwr` program: start, watch and stop a run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from textgrad.errors import BrokenSystem
from textgrad.text import load_json, printable

_QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
_POLL_SECONDS = 2.0
_MAX_FAILURES = 15  # failed queries of the status in a row, as the connection may be interrupted for a moment


class SuperLink:
    """One SuperLink.

    Args:
        name: its name in $FLWR_HOME/config.toml.
    """

    def __init__(self, name: str):
        self.name = name

    def start(self, app: Path, run: str) -> str:
        """Start a run and return its id.

        Args:
            app: folder of the Flower app.
            run: value of the app's option `run`.

        Raises:
            BrokenSystem: the SuperLink cannot be reached, or rejects the run.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.toml"
            path.write_text(f"run = {json.dumps(run)}\n", encoding="utf-8")  # a JSON string is a TOML string
            answer = _json(flwr("run", str(app), self.name, "-c", str(path), "--format", "json"))
        if not answer.get("run-id"):
            reason = answer.get("error-message") or answer.get("error") or "no run was started"
            raise BrokenSystem(f"the SuperLink {self.name!r} did not start the run: {_last_lines(str(reason))}")
        return str(answer["run-id"])

    def wait(self, run_id: str) -> str:
        """Wait until a run has ended and return Flower's status of it, such as "finished:completed".

        Raises:
            BrokenSystem: the SuperLink does not answer any more.
        """
        failures = 0
        while True:
            try:
                status, failures = self._status(run_id), 0
            except BrokenSystem as error:
                status, failures = "", failures + 1
                if failures == _MAX_FAILURES:
                    raise BrokenSystem(
                        f"Flower's run {run_id} may still be running, but its SuperLink {self.name!r} does not "
                        f"answer: {error}; to check: flwr ls {self.name}"
                    ) from error
            if status.startswith("finished"):
                return status
            time.sleep(_POLL_SECONDS)

    def stop(self, run_id: str) -> bool:
        """Stop a run on all machines. Return False if the SuperLink did not confirm it."""
        try:
            return bool(_json(flwr("stop", run_id, self.name, "--format", "json")).get("success"))
        except BrokenSystem:
            return False

    def log(self, run_id: str) -> str:
        """Return the whole log of a run."""
        return flwr("log", run_id, self.name, "--show")

    def follow_log(self, run_id: str) -> subprocess.Popen[str]:
        """Start a process that writes the log of a run to its standard output until the run ends."""
        return subprocess.Popen(
            [str(flwr_program()), "log", run_id, self.name, "--stream"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            env=os.environ | _QUIET,
        )

    def _status(self, run_id: str) -> str:
        answer = _json(flwr("ls", self.name, "--run-id", run_id, "--format", "json"))
        if not answer.get("runs"):
            raise BrokenSystem(_last_lines(str(answer.get("error-message") or "unknown run")))
        return str(answer["runs"][0].get("status", ""))


def flwr_program() -> str | None:
    """Return the path of the `flwr` program, or None if Flower is not installed."""
    sibling = Path(sys.executable).with_name("flwr")
    return str(sibling) if sibling.exists() else shutil.which("flwr")


def flwr(*arguments: str) -> str:
    """Run the `flwr` program and return its output. Its exit status is useless: 0 even without a connection."""
    finished = subprocess.run(
        [str(flwr_program()), *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=os.environ | _QUIET,
    )
    return finished.stdout or finished.stderr


def _json(output: str) -> dict[str, Any]:
    """Return the JSON object at the end of an output."""
    try:
        return load_json(output[output.find("{") :])
    except ValueError as error:
        raise BrokenSystem(f"flwr did not print JSON: {_last_lines(output)}") from error


def _last_lines(text: str) -> str:
    lines = [line.strip(" │╭╰─╮╯") for line in text.splitlines()]  # without the frame that flwr draws
    return printable(" ".join([line for line in lines if line][-3:])) or "no message"
