"""The launching side: hands the run to a SuperLink, shows its log, and brings the results back to logs/<run>."""

import base64
import binascii
import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path, PurePosixPath

from textgrad.errors import BrokenSystem, UsageError
from utils.config import Config
from utils.files import atomic_write, to_json
from utils.flower.wire import ERROR, RESULTS
from utils.run_log.log import RunLog
from utils.run_log.terminal import clean

OK, SPENT = 0, 3
_QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
_POLL = 2.0  # seconds between looks at the run's status
_FLOWERS_OWN = re.compile(r"^(\x1b\[\d*m)?(INFO|DEBUG)\s*(\x1b\[0m)?:\s*")  # what begins a line of its log
_LOOKS = 15  # that may fail in a row: the way to the SuperLink may be gone for a moment


def launch(config: Config) -> int:
    """One run on Flower, from a checked configuration to an exit status.

    Raises:
        UsageError: the configuration is none for several machines, or Flower is not installed.
        BrokenSystem: the SuperLink did not take the run, or the run failed.
    """
    _check(config)
    config = _for_the_server(dataclasses.replace(config, run_name=RunLog(config).name))
    run_id = _start(config)
    print(f"run {config.run_name} is Flower's run {run_id}", flush=True)
    log = _Log(run_id, config.flower_federation)
    try:
        status = _wait(run_id, config.flower_federation)
        log.end()
    except KeyboardInterrupt:
        _stop(run_id, config)
        raise
    finally:
        log.close()
    if log.results is None:
        raise BrokenSystem(
            log.error
            or f"Flower's run {run_id} ended as {status}; give the same command with "
            f"--run_name {config.run_name} to go on"
        )
    folder = Path(config.log_dir) / config.run_name
    unpack(log.results, folder)
    print(f"everything is in {folder}")
    return SPENT if json.loads((folder / "results.json").read_text(encoding="utf-8"))["stopped"] else OK


def _stop(run_id: str, config: Config) -> None:
    """Ends the run at the SuperLink: nobody here waits for it any more."""
    print(f"\ninterrupted; stopping Flower's run {run_id} ...", file=sys.stderr, flush=True)
    try:
        stopped = _json(_flwr("stop", run_id, config.flower_federation, "--format", "json")).get("success")
    except BrokenSystem:
        stopped = False
    told = "it is stopped" if stopped else f"it may still go on: flwr stop {run_id} {config.flower_federation}"
    print(
        f"{told}; to go on later, give the same command with --run_name {config.run_name}", file=sys.stderr, flush=True
    )


def _check(config: Config) -> None:
    if config.module == "train_centralized":
        raise UsageError(
            "--runtime flower: train_centralized has no federation; use train_homo_fed or train_hetero_fed"
        )
    if config.repeats > 1 or config.replay_only:
        raise UsageError("--runtime flower makes one new run: leave out --repeats and --replay_only")
    if not _program():
        raise UsageError("--runtime flower needs Flower: pip install -r scripts/flower/requirements.txt")


def _for_the_server(config: Config) -> Config:
    """Paths that exist here are told whole: on one machine the server finds them, on another it has its own."""

    def whole(path: str) -> str:
        return str(Path(path).resolve()) if path and Path(path).exists() else path

    tasks = tuple(whole(name) if name.endswith(".jsonl") else name for name in config.task)
    return dataclasses.replace(config, task=tasks, data_dir=whole(config.data_dir), price_file=whole(config.price_file))


def _program() -> str | None:
    beside = Path(sys.executable).with_name("flwr")
    return str(beside) if beside.exists() else shutil.which("flwr")


def _flwr(*words: str) -> str:
    """What a command of Flower's printed. Its exit status tells nothing: it is 0 where the SuperLink is not there."""
    done = subprocess.run([_program(), *words], capture_output=True, text=True, env=os.environ | _QUIET)
    return done.stdout or done.stderr


def _last_line(text: str) -> str:
    lines = [line.strip(" │╭╰─╮╯") for line in text.splitlines()]
    return clean(" ".join([line for line in lines if line][-3:])) or "no message"


def _json(text: str) -> dict:
    """The JSON object in what Flower printed."""
    start = text.find("{")
    try:
        return json.loads(text[start:])
    except ValueError as error:
        raise BrokenSystem(f"flwr printed no JSON: {_last_line(text)}") from error


def _start(config: Config) -> str:
    run = to_json({name: value for name, value in dataclasses.asdict(config).items() if name != "log_dir"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.toml"
        path.write_text(f"run = {json.dumps(run)}\n", encoding="utf-8")  # a JSON string is a TOML string
        told = _flwr("run", str(Path(__file__).parent), config.flower_federation, "-c", str(path), "--format", "json")
    answer = _json(told)
    if not answer.get("run-id"):
        reason = answer.get("error-message") or answer.get("error") or "no run was started"
        raise BrokenSystem(
            f"the SuperLink {config.flower_federation!r} did not take the run: {_last_line(str(reason))}"
        )
    return str(answer["run-id"])


def _wait(run_id: str, federation: str) -> str:
    """Flower's status of the run once it has ended. `flwr run` itself tells nothing of failures.

    Raises:
        BrokenSystem: the SuperLink has not answered for a while.
    """
    failed = 0
    while True:
        try:
            status, failed = _status(run_id, federation), 0
        except BrokenSystem as error:
            status, failed = "", failed + 1
            if failed == _LOOKS:
                raise BrokenSystem(
                    f"Flower's run {run_id} may still go on, but the SuperLink {federation!r} tells no "
                    f"more of it: {error}"
                ) from error
        if status.startswith("finished"):
            return status
        time.sleep(_POLL)


def _status(run_id: str, federation: str) -> str:
    told = _json(_flwr("ls", federation, "--run-id", run_id, "--format", "json"))
    if not told.get("runs"):
        raise BrokenSystem(_last_line(str(told.get("error-message") or "it does not know the run")))
    return str(told["runs"][0].get("status", ""))


class _Log:
    """The server's log, shown as it comes; the lines that are meant for this program are kept instead.

    Args:
        run_id: Flower's.
        federation: the SuperLink's name.
    """

    def __init__(self, run_id: str, federation: str):
        self.results: bytes | None = None
        self.error = ""
        self._words = [_program(), "log", run_id, federation, "--stream"]
        self._process = subprocess.Popen(
            self._words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | _QUIET
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, lines, show: bool = True) -> None:
        for line in lines:
            if RESULTS in line:
                self.results = _decoded(line.partition(RESULTS)[2])
            elif ERROR in line:
                self.error = clean(line.partition(ERROR)[2].strip())
            elif show and (told := clean(_FLOWERS_OWN.sub("", line).rstrip())):
                print(told, flush=True)

    def end(self) -> None:
        """The run has ended: reads what is left, from the beginning if its end was not seen."""
        self._reader.join(timeout=10)
        if self.results is None and not self.error:
            told = _flwr("log", self._words[2], self._words[3], "--show")
            self._read(told.splitlines(), show=False)

    def close(self) -> None:
        """Ends the process that follows the log."""
        self._process.kill()
        self._process.wait()


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        return None


def unpack(results: bytes, folder: Path) -> None:
    """Writes the files of a run that came from the server; those that are there and the same are left alone.

    Raises:
        BrokenSystem: what came is no archive, or leads out of the folder.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(results))
        names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise BrokenSystem("the results of the run arrived damaged: run the same command again") from error
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BrokenSystem(f"the server sent a file that leads out of the run's folder: {clean(name)!r}")
        path, content = folder / name, archive.read(name)
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_write(path, content)
