#!/usr/bin/env python3
"""The command line: options -> engines -> log -> the module's training -> results. `--help` tells the options."""

import gc
import importlib
import os
import shlex
import signal
import sys
from pathlib import Path

from textgrad.errors import StopRun
from utils.config import Config, parse

_YOUNG = 100_000  # objects that may be new before Python's collector looks through them
OK, WRONG, SPENT, INTERRUPTED, TERMINATED = 0, 2, 3, 130, 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a run as ctrl-C does."""


def run(config: Config, call_log: Path | None = None) -> int:
    """One whole run, from a checked configuration to an exit status; `call_log`: a file of replies that runs share."""
    from utils import report
    from utils.engines import forecast
    from utils.engines.by_role import check_names, connect  # imported when there is a run: --help stays quick
    from utils.run_log.log import RunLog
    from utils.run_log.summary import results_text

    if config.dry_run:
        print(forecast.table(forecast.forecast(config)))
        if config.repeats > 1:
            print(f"for each of {config.repeats} seeds, the zero-shot calls after the first seed included")
        return OK
    if config.runtime == "flower":
        from utils.flower.launch import launch

        return launch(config)
    check_names(config)
    gc.set_threshold(_YOUNG)  # else it does so all the time, with hundreds of requests in flight
    if config.repeats > 1:
        from utils.repeats import run_repeats

        return run_repeats(config, run)
    log = RunLog(config, call_log)
    engines, hurry = connect(config, log.call_log, log.say), False
    try:
        result = importlib.import_module(config.module).run_training(config, engines, log)
        summary = log.finish(result, forecast.beside(config, engines.gateway))
        report.write(log.folder)
        log.say(f"{results_text(summary)}\n\nresults are in {log.folder}")
        if result.stopped:
            log.say(f"incomplete: {result.stopped}; to go on, raise the cap: {resume_command(log.name)}")
        return SPENT if result.stopped else OK
    except StopRun as reason:
        return stopped(reason)
    except KeyboardInterrupt:
        hurry = True
        print(f"\ninterrupted; to go on: {resume_command(log.name)}", file=sys.stderr, flush=True)
        raise
    finally:
        log.close(hurry)
        engines.gateway.close()


def resume_command(run_name: str) -> str:
    """The command that goes on with this run."""
    words = ["python", *sys.argv]
    return shlex.join(words if "--run_name" in words else [*words, "--run_name", run_name])


def stopped(reason: StopRun) -> int:
    """Says in one line why there is no run, or no end of it."""
    from utils.run_log.terminal import clean

    print(f"error: {clean(' '.join(str(reason).split()))}", file=sys.stderr)
    return WRONG


def terminate(*_) -> None:
    """The handler of SIGTERM."""
    raise Terminated


def main(arguments: list[str]) -> int:
    """Runs the command line; returns the exit status."""
    os.umask(0o077)  # prompts, replies and data are the user's alone
    try:
        return run(parse(arguments))
    except StopRun as reason:
        return stopped(reason)
    except KeyboardInterrupt as signalled:
        return TERMINATED if isinstance(signalled, Terminated) else INTERRUPTED


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, terminate)
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # replies that nobody waits for any more must not hold up the end
