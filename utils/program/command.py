"""What all programs of the project share: exit statuses, one-line errors, signals.

A program calls `run_command(main)`. Its `main` calls `exit_status` around everything it does.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from textgrad.errors import StopRun
from textgrad.system_errors import as_stop_run
from textgrad.text import printable, replace_unencodable
from utils.program.streams import failed, lost, protect_streams

EXIT_OK, EXIT_OUTPUT, EXIT_USAGE, EXIT_BUDGET, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 3, 130, 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: stops a run as ctrl-C does."""


def exit_status(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; print an error as one line.

    Raises:
        Exception: an error in the program, with its traceback.
    """
    replace_unencodable()
    try:
        return command()
    except KeyboardInterrupt as signalled:
        return EXIT_TERMINATED if isinstance(signalled, Terminated) else EXIT_INTERRUPTED
    except Exception as error:
        reason = as_stop_run(error)
        if reason is None:
            raise
        return print_error(reason)


def print_error(reason: StopRun) -> int:
    """Print why there is no result, in one line; return the exit status."""
    line = f"error: {printable(' '.join(str(reason).split()))}"
    print(line, file=sys.stderr, flush=True)
    if failed(sys.stderr):
        print(line, flush=True)
    return EXIT_USAGE


def run_command(main: Callable[[list[str]], int]) -> None:
    """Run a program with the words of its command line, and exit with its status.

    Args:
        main: takes the words and returns an exit status.

    Raises:
        SystemExit: always.
    """
    protect_streams()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:  # --help
        status = end.code if isinstance(end.code, int) else EXIT_OK
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(signal.SIGINT, lambda *_: os._exit(EXIT_INTERRUPTED))  # while the interpreter shuts down
    sys.exit(EXIT_OUTPUT if status == EXIT_OK and lost(sys.stdout) else status)


def _terminate(*_: Any) -> None:
    raise Terminated
