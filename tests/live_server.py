"""Helpers of `tests/servers`: start a real server, train with it, and print a table of such runs.

A test runs only if the environment variable FEDTEXTGRAD_LIVE names its server, as set by `scripts/lib/test_servers.sh`.
That script creates environments and the model in FEDTEXTGRAD_SERVERS_DIR (~/.cache/fedtextgrad/servers).
"""

import contextlib
import datetime
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("FEDTEXTGRAD_SERVERS_DIR") or "~/.cache/fedtextgrad/servers").expanduser()
MODEL = CACHE / "SmolLM2-135M"
MODULES = ("train_centralized", "train_homo_fed")
_SMALL_RUN = [
    "--task",
    "RG_gcd",
    "--num_clients",
    "2",
    "--rounds",
    "1",
    "--local_steps",
    "1",
    "--batch_size",
    "2",
    "--train_size",
    "8",
    "--val_size",
    "6",
    "--test_size",
    "12",
    "--max_tokens",
    "64",
    "--max_concurrency",
    "8",
    "--request_timeout",
    "600",
    "--comet_mode",
    "disabled",
]
# On a busy machine, threads that spin while waiting reduce the speed to a tenth.
_PASSIVE_WAIT = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
_START_TIMEOUT = 600.0  # seconds; a start takes minutes on a busy machine


def skip_unless_requested(name: str) -> None:
    """Skip the test unless FEDTEXTGRAD_LIVE names this server."""
    if name not in os.environ.get("FEDTEXTGRAD_LIVE", "").split():
        pytest.skip(f"not requested: sh scripts/lib/test_servers.sh {name}")


def python_of(name: str) -> Path:
    """Return the interpreter of an environment. Skip the test if it does not exist."""
    python = CACHE / name / "bin" / "python"
    if not python.exists() or not MODEL.is_dir():
        pytest.skip(f"no environment in {CACHE / name}: scripts/lib/test_servers.sh creates it")
    return python


def version_in(python: Path, package: str) -> str:
    """Return the version of a package in an environment."""
    code = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    return subprocess.check_output([python, "-c", code], text=True).strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(command: list, port: int, log: Path, **environment: str) -> Iterator[str]:
    """Run a server for the duration of the block, and yield its base URL.

    Args:
        command: starts the server in the foreground.
        port: TCP port of the server.
        log: file for its output.
        **environment: additional environment variables.
    """
    url = f"http://127.0.0.1:{port}/v1"
    with log.open("w") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=ROOT,
            env={**_PASSIVE_WAIT, **os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + _START_TIMEOUT
        while not _answers(f"{url}/models"):
            assert process.poll() is None, f"the server ended with {process.returncode}: {log.read_text()[-3000:]}"
            assert time.monotonic() < end, f"no response in {_START_TIMEOUT:g} s: {log.read_text()[-3000:]}"
            time.sleep(1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # only the server is in this session
            process.wait()


def _answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


def train(
    engine: str, product: str, module: str, folder: Path, python: Path | str = sys.executable, **environment: str
) -> Path:
    """Run a small training, check its results, and record it for the table.

    Args:
        engine: name of the engine in both roles.
        product: name and version of the server.
        module: one of `MODULES`.
        folder: parent of the run's folder.
        python: interpreter that runs main.py.
        **environment: additional environment variables.

    Returns:
        The run's folder.
    """
    name = f"{engine.replace('/', '_')}-{module}"
    finished = subprocess.run(
        [
            str(python),
            "main.py",
            "--module",
            module,
            "--test_engine",
            engine,
            "--evaluation_engine",
            engine,
            "--log_dir",
            str(folder),
            "--run_name",
            name,
            *_SMALL_RUN,
        ],
        cwd=ROOT,
        env={**_PASSIVE_WAIT, **os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-3000:]
    results = json.loads((folder / name / "results.json").read_text())
    usage, test = results["usage"], results["metrics"]["best_test_acc"]
    assert results["status"] == "complete" and not results["simulated"] and test["n"] == 12
    for role in ("test", "evaluation"):
        assert usage[role]["calls"] and usage[role]["prompt_tokens"] and usage[role]["completion_tokens"]
        assert not {"failed", "malformed", "too long"} & set(usage[role]["bad_replies"]), usage
    seconds, tokens = _time_of(folder / name)
    _record(
        {
            "engine": engine if len(engine) < 40 else "vllm-<folder>",
            "server": product,
            "run": module,
            "calls": sum(used["calls"] for used in usage.values()),
            "accuracy": f"{test['value']:.2f} (n = {test['n']})",
            "tokens/s": round(tokens / seconds),
            "day": datetime.date.today().isoformat(),
        }
    )
    return folder / name


def replies(run: Path) -> dict[str, str]:
    """Return the replies of a run by request, without model and endpoint."""
    with contextlib.closing(sqlite3.connect(run / "calls.sqlite")) as log:
        rows = log.execute("SELECT request, text FROM calls WHERE request LIKE '%\"messages\"%'").fetchall()
    return {
        json.dumps({**json.loads(request), "model": "", "endpoint": ""}, sort_keys=True): text for request, text in rows
    }


def _time_of(run: Path) -> tuple[float, int]:
    """Return the seconds from the first request to the last reply, and the tokens of all replies."""
    with contextlib.closing(sqlite3.connect(run / "calls.sqlite")) as log:
        return log.execute(
            "SELECT MAX(ended) - MIN(ended - seconds), SUM(completion_tokens) FROM calls "
            "WHERE request LIKE '%\"messages\"%'"
        ).fetchone()


def _record(row: dict) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "runs.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def table(rows: list[dict]) -> str:
    """Return rows as a Markdown table, sorted by server. The latest of equal runs counts."""
    latest = {(row["server"], row["engine"], row["run"]): row for row in rows}
    lines = [list(map(str, latest[run].values())) for run in sorted(latest)]
    head = list(rows[0])
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


if __name__ == "__main__":
    records = CACHE / "runs.jsonl"
    print(
        table([json.loads(line) for line in records.read_text().splitlines()])
        if records.exists()
        else "no live run yet"
    )
