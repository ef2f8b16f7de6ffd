"""The launching machine: submit the run to a SuperLink, print its log, and write its results to logs/<run>."""

import dataclasses
import re
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from textgrad.errors import BrokenSystem, UsageError
from textgrad.text import printable, read_json
from utils.config import Config
from utils.files import to_json
from utils.flower.run_archive import ERROR, RESULTS, decode, unpack
from utils.flower.superlink import SuperLink, flwr_program
from utils.program.command import EXIT_BUDGET, EXIT_OK
from utils.run_log.log import RunLog
from utils.run_log.resume_command import resume_command

_LOG_PREFIX = re.compile(r"^(\x1b\[\d*m)?(INFO|DEBUG)\s*(\x1b\[0m)?:\s*")  # of each line of Flower's log


def launch(config: Config) -> int:
    """Run once on Flower and return the exit status.

    Raises:
        UsageError: the options do not fit --runtime flower, or Flower is not installed.
        BrokenSystem: the SuperLink rejected the run, or the run failed.
    """
    _check(config)
    config = _with_absolute_paths(dataclasses.replace(config, run_name=RunLog(config).name))
    superlink = SuperLink(config.flower_federation)
    options = {name: value for name, value in dataclasses.asdict(config).items() if name != "log_dir"}
    run_id = superlink.start(Path(__file__).parent, to_json(options))
    print(f"run {config.run_name} is Flower's run {run_id}", flush=True)
    output = RunOutput(superlink, run_id)
    try:
        status = superlink.wait(run_id)
        output.finish()
    except KeyboardInterrupt:
        stop(superlink, run_id, config.run_name)
        raise
    finally:
        output.close()
    if output.results is None:
        raise BrokenSystem(
            output.error
            or f"Flower's run {run_id} ended as {status}; to resume, repeat the command with --run_name "
            f"{config.run_name}"
        )
    folder = Path(config.log_dir) / config.run_name
    unpack(output.results, folder)
    print(f"results are in {folder}")
    results = read_json(folder / "results.json")
    if not results["stopped"]:
        return EXIT_OK
    command = resume_command(config.run_name, **results.get("continue_with", {}))
    print(f"incomplete: {printable(results['stopped'])}; to continue, raise the cap: {command}")
    return EXIT_BUDGET


def stop(superlink: SuperLink, run_id: str, run_name: str) -> None:
    """Stop the run on all machines after ctrl-C, and print how to resume it."""
    print(f"\ninterrupted; stopping Flower's run {run_id} ...", file=sys.stderr, flush=True)
    if superlink.stop(run_id):
        outcome = "the run is stopped"
    else:
        outcome = f"the run may still be running; to stop it: flwr stop {run_id} {superlink.name}"
    print(f"{outcome}; to resume, repeat the command with --run_name {run_name}", file=sys.stderr, flush=True)


def _check(config: Config) -> None:
    if config.module == "train_centralized":
        raise UsageError(
            "--runtime flower: train_centralized has no federation; use train_homo_fed or train_hetero_fed"
        )
    if config.repeats > 1 or config.replay_only:
        raise UsageError("--runtime flower starts exactly one new run: remove --repeats and --replay_only")
    if config.wrong_labels:
        raise UsageError("--runtime flower: every site has its own labels; use --wrong_labels with --runtime local")
    if config.attacked:
        raise UsageError("--runtime flower: attacks are simulated only; use --attack with --runtime local")
    if config.personal_layer:
        raise UsageError("--runtime flower: sites do not keep own sections; use --personal_layer with --runtime local")
    if config.canaries:
        raise UsageError("--runtime flower: canaries are simulated only; use --canaries with --runtime local")
    if not flwr_program():
        raise UsageError(
            "--runtime flower: Flower is not installed; install it with "
            "'.venv/bin/python -m pip install -r scripts/flower/requirements.txt'"
        )


def _with_absolute_paths(config: Config) -> Config:
    """Make existing paths absolute, for a server on this machine; other servers have files of their own."""

    def absolute(path: str) -> str:
        return str(Path(path).resolve()) if path and Path(path).exists() else path

    return dataclasses.replace(
        config,
        task=tuple(absolute(name) if name.endswith(".jsonl") else name for name in config.task),
        data_dir=absolute(config.data_dir),
        price_file=absolute(config.price_file),
    )


class RunOutput:
    """Prints a run's log as it arrives and extracts the two kinds of lines that are meant for this program.

    Args:
        superlink: SuperLink of the run.
        run_id: Flower's id of the run.

    Attributes:
        results: archive of the run folder, or None if it has not arrived.
        error: message of the server, or "".
    """

    def __init__(self, superlink: SuperLink, run_id: str):
        self.results: bytes | None = None
        self.error = ""
        self._superlink, self._run_id = superlink, run_id
        self._process = superlink.follow_log(run_id)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, lines: Iterable[str], show: bool = True) -> None:
        for line in lines:
            if RESULTS in line:
                self.results = decode(line.partition(RESULTS)[2])
            elif ERROR in line:
                self.error = printable(line.partition(ERROR)[2].strip())
            elif show and (text := printable(_LOG_PREFIX.sub("", line).rstrip())):
                print(text, flush=True)

    def finish(self) -> None:
        """Read the rest of the log after the end of the run; the whole log again if its last line was lost."""
        self._reader.join(timeout=10)
        if self.results is None and not self.error:
            self._read(self._superlink.log(self._run_id).splitlines(), show=False)

    def close(self) -> None:
        """Stop following the log."""
        self._process.kill()
        self._process.wait()
