#!/usr/bin/env python3
"""The command line: options -> engines -> log -> training -> results. See `--help`."""

import functools
import gc
import importlib
import sys
from pathlib import Path

from textgrad.errors import Postponed, StopRun
from utils.config import Config, parse
from utils.files import keep_files_private
from utils.program.command import EXIT_BUDGET, EXIT_OK, exit_status, print_error, run_command
from utils.program.command import EXIT_INTERRUPTED as EXIT_INTERRUPTED
from utils.program.command import EXIT_USAGE as EXIT_USAGE

_GC_THRESHOLD = 100_000  # new objects; saves 10 % of the processor time with hundreds of requests in flight


def run(config: Config, call_log: Path | None = None) -> int:
    """Do what a configuration says, and return the exit status.

    Args:
        config: checked.
        call_log: file of replies in the folder of all seeds, for one seed of --repeats.
    """
    # Imported here, so that --help stays fast.
    from utils.engines.by_role import check_names
    from utils.engines.forecast import forecast, forecast_table

    if config.dry_run:
        print(forecast_table(forecast(config)))
        if config.validate == "race":
            print("upper bound: with --validate race, comparisons usually end before the last validation question")
        if config.repeats > 1:
            print(f"for each of {config.repeats} seeds; after the first seed, the zero-shot calls are free")
        return EXIT_OK
    if config.runtime == "flower":
        from utils.flower.launch import launch

        return launch(config)
    check_names(config)
    if config.repeats > 1:
        from utils.repeats import run_repeats

        return run_repeats(config, run)
    return train(config, call_log)


def train(config: Config, call_log: Path | None) -> int:
    """Run one training and write its results; return the exit status."""
    from utils import report
    from utils.engines.by_role import connect
    from utils.engines.forecast import forecast_vs_actual
    from utils.run_log.log import RunLog
    from utils.run_log.resume_command import resume_command
    from utils.run_log.summary import results_text

    gc.set_threshold(_GC_THRESHOLD)
    log, interrupted = RunLog(config, call_log), False
    config = log.config
    name = call_log.parent.name if call_log else log.name
    log.write_page = functools.partial(report.write_page, log.folder)
    engines = connect(config, log.call_log, log.say)
    try:
        result = importlib.import_module(config.module).run_training(config, engines, log)
        summary = log.finish(result, forecast_vs_actual(config, engines.gateway) if config.forecast else None)
        report.write(log.folder)
        log.say(f"{results_text(summary)}\n\nresults are in {log.folder}: open {log.folder / 'report.html'}")
        if not result.stopped:
            return EXIT_OK
        command = resume_command(name, **summary["continue_with"])
        log.say(f"incomplete: {result.stopped}; to continue, raise the cap: {command}")
        return EXIT_BUDGET
    except Postponed as reason:
        return print_error(StopRun(f"{reason}; to continue then: {resume_command(name)}"))
    except StopRun as reason:
        return print_error(reason)
    except KeyboardInterrupt:
        interrupted = True
        print(f"\ninterrupted; to continue: {resume_command(name)}", file=sys.stderr, flush=True)
        raise
    finally:
        log.close(interrupted)
        engines.gateway.close()


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit status."""
    keep_files_private()
    return exit_status(lambda: run(parse(arguments)))


if __name__ == "__main__":
    run_command(main)
