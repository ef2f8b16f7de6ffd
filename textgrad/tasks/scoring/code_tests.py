"""Score Python code by tests.

The code runs in a child process with limits on time, memory and files, without the environment's variables, and without
network, other processes and files outside a temporary folder as far as Python reports their use. This protects against
accidents. It is no sandbox: code that means harm can read files and find ways around.
"""

import ast
import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

from textgrad.tasks.scoring.scorer import Grade
from textgrad.text import normalize

CPU_SECONDS = 10
WALL_SECONDS = 30.0
MEMORY = 1 << 30  # bytes
FILE_SIZE = 1 << 20  # bytes per file

_CHILD = Path(__file__).with_name("code_tests_child.py")
_FENCED = re.compile(r"```[\w+-]*[ \t]*\n(.*?)```", re.DOTALL)
_SLOTS = threading.BoundedSemaphore(os.cpu_count() or 1)
_KEPT = ("PATH", "SYSTEMROOT")  # variables that Python may need to start


def code_tests(prediction: str, answer: str) -> Grade:
    """Return the share of tests that the last code block of a reply passes; without a block, the whole reply is code.

    The feedback is the first failure, in one line.

    Args:
        prediction: the reply.
        answer: Python code. Each `assert` and each call at its top level is a test, the rest prepares them.

    Raises:
        ValueError: the answer is no Python code, or has no test.
    """
    blocks = _FENCED.findall(prediction)
    return _run(blocks[-1] if blocks else prediction, answer, number_of_tests(answer))


def number_of_tests(answer: str) -> int:
    """Return the number of tests in a right answer.

    Raises:
        ValueError: it is no Python code, or has no test.
    """
    try:
        statements = ast.parse(answer).body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not Python code ({error})") from error
    count = sum(isinstance(each, ast.Assert | ast.Expr) for each in statements)
    if not count:
        raise ValueError("no assert and no call")
    return count


@functools.lru_cache(maxsize=1024)
def _run(code: str, tests: str, count: int) -> Grade:
    job = {"code": code, "tests": tests, "cpu": CPU_SECONDS, "memory": MEMORY, "file_size": FILE_SIZE}
    with (
        _SLOTS,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryFile("w+") as request,
        tempfile.TemporaryFile("w+", errors="replace") as report,
    ):
        json.dump(job, request)
        request.seek(0)
        in_time = _run_child(request, report, folder)
        report.seek(0)
        failures = _read(report.read())[:count]
    passed = sum(not failure for failure in failures)
    if len(failures) < count:
        failures.append("the code ended its process" if in_time else "the code does not end in time")
    return Grade(passed / count, next(filter(None, failures), ""))


def _read(report: str) -> list[str]:
    """Return the failure of each finished test, "" if it passed; the code may have broken the report."""
    failures: list[str] = []
    with contextlib.suppress(ValueError):
        for line in report.splitlines():
            failures.append(normalize(str(json.loads(line))))
    return failures


def _run_child(request: IO, report: IO, folder: str) -> bool:
    """Run the child process to its end and return True, or stop it after the limits on time and return False."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-P", "-s", "-B", str(_CHILD)],
        stdin=request,
        stdout=report,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**environment, "PYTHONHASHSEED": "0", "TMPDIR": folder, "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        child.wait(WALL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL) if hasattr(os, "killpg") else child.kill()
        child.wait()
    return child.returncode not in (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0))
