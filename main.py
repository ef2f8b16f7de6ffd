#!/usr/bin/env python3
"""The command line: options -> engines -> log -> the module's training -> results. `--help` tells the options."""

import importlib
import os
import shlex
import sys

from textgrad.errors import StopRun
from utils.config import Config, parse

OK, WRONG, SPENT, INTERRUPTED = 0, 2, 3, 130


def run(config: Config) -> int:
    """One whole run, from a checked configuration to an exit status."""
    from utils import forecast
    from utils.engines import check_names, connect  # imported when there is a run: --help stays quick
    from utils.report import table
    from utils.run_log import RunLog

    if config.dry_run:
        print(forecast.table(forecast.forecast(config)))
        return OK
    check_names(config)
    log = RunLog(config)
    engines = connect(config, log.call_log)
    try:
        result = importlib.import_module(config.module).run_training(config, engines, log)
        summary = log.finish(result)
        log.say(f"\n{table(summary)}\n\nbest prompt (round {summary['best_round']}):\n{summary['prompts']['best']}\n\n"
                f"everything is in {log.folder}")
        if result.stopped:
            log.say(f"incomplete: {result.stopped}; to go on, raise the cap: {resume_command(log.name)}")
        return SPENT if result.stopped else OK
    except StopRun as reason:
        print(f"error: {reason}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print(f"\ninterrupted; to go on: {resume_command(log.name)}", file=sys.stderr)
        return INTERRUPTED
    finally:
        log.close()
        engines.gateway.close()


def resume_command(run_name: str) -> str:
    """The command that goes on with this run."""
    words = ["python", *sys.argv]
    return shlex.join(words if "--run_name" in words else [*words, "--run_name", run_name])


def main(arguments: list[str]) -> int:
    """Runs the command line; returns the exit status."""
    os.umask(0o077)  # prompts, replies and data are the user's alone
    try:
        return run(parse(arguments))
    except StopRun as reason:
        print(f"error: {reason}", file=sys.stderr)
        return WRONG


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # replies that nobody waits for any more must not hold up the end
