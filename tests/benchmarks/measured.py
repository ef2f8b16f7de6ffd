"""Runs of the program in processes of their own, and what they took."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_END = object()


@dataclass(frozen=True)
class Took:
    """Resources that a process used.

    Attributes:
        seconds: wall time.
        cpu: seconds of processor time, child processes included.
        megabytes: peak resident memory.
    """

    seconds: float
    cpu: float
    megabytes: float


def run(command: list[str], url: str = "", **environment: str) -> Took:
    """Run a command at the repository's root.

    Args:
        command: program and arguments.
        url: base URL of openai- engines.
        **environment: further variables.

    Raises:
        RuntimeError: the command failed; the message ends with its output.
    """
    known = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "FEDTEXTGRAD_DATA")}
    known |= {"OPENAI_API_KEY": "sk-benchmark", "OPENAI_BASE_URL": url, **environment}
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{printed.decode()[-2000:]}")
    return Took(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


@dataclass(frozen=True)
class Setup:
    """One federated run, as the benchmarks vary it.

    Attributes:
        module: of the command line.
        clients: number of clients; in `train_hetero_fed`, one per task.
        rounds, steps, batch: rounds, local steps per round, questions per step.
        scored: number of validation questions, and of test questions.
        engine: of both roles.
        more: further options.
    """

    module: str = "train_homo_fed"
    clients: int = 3
    rounds: int = 3
    steps: int = 3
    batch: int = 3
    scored: int = 20
    engine: str = "openai-benchmark"
    more: tuple[str, ...] = ()

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return self.clients if self.module == "train_hetero_fed" else 1

    @property
    def chain(self) -> int:
        """Number of calls in the longest chain in which each call needs the reply of the one before.

        A step: answer, criticize the answer, criticize the prompt, rewrite, answer again. Steps follow one another, the
        merge follows the last step, and the next round follows the merge. At the end, the last validation determines
        which prompt is tested.
        """
        merges = 0 if self.module == "train_centralized" else merge_depth(self.clients)
        return self.rounds * (5 * self.steps + merges) + 2

    @property
    def published_calls(self) -> int:
        """Number of calls of the paper's Algorithm 1 in this setting, evaluated as in its code, without merges.

        Per question of a batch: an answer, two criticisms, and an answer under the rewrite. Per step: one rewrite. The
        initial prompt and the prompt of each round are scored on validation and test questions; the initial prompt also
        with the larger model.
        """
        steps = self.clients * self.rounds * self.steps
        return steps * (4 * self.batch + 1) + self.tasks * self.scored * (2 * (self.rounds + 1) + 1)

    def run(self, folder: Path, url: str = "", name: str = "run") -> Took:
        """Run once, with the log in folder/logs/<name>."""
        return run(self.command(folder, name), url)

    def command(self, folder: Path, name: str) -> list[str]:
        """Return the command line of the run, and create its task files."""
        each = self.clients // self.tasks
        training = each * self.batch * self.steps * self.rounds
        tasks = [_task_file(folder, number, max(2 * training, 5 * self.scored)) for number in range(self.tasks)]
        split = ["--homo_split_num", str(self.clients)] if self.module == "train_homo_fed" else []
        return [
            sys.executable,
            "main.py",
            "--module",
            self.module,
            "--task",
            *map(str, tasks),
            *split,
            "--test_engine",
            self.engine,
            "--evaluation_engine",
            self.engine,
            "--comet_mode",
            "disabled",
            "--log_dir",
            str(folder / "logs"),
            "--run_name",
            name,
            "--max_epochs",
            str(self.rounds),
            "--max_steps",
            str(self.steps),
            "--batch_size",
            str(self.batch),
            "--train_size",
            str(training),
            "--val_size",
            str(self.scored),
            "--test_size",
            str(self.scored),
            *self.more,
        ]


def at_once(function: Callable[[Any], None], items: list, width: int) -> None:
    """Apply `function` to all items in `width` plain threads."""
    remaining, lock = iter(items), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                item = next(remaining, _END)
            if item is _END:
                return
            function(item)

    threads = [threading.Thread(target=work) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bare_client(log: Path, url: str, width: int, count: int = 4000) -> float:
    """Return seconds of processor time per call of a bare `openai` client that sends a run's requests again."""
    command = [sys.executable, str(Path(__file__).with_name("bare.py")), str(log), url, str(width), str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def merge_depth(uploads: int, fan_in: int = 8) -> int:
    """Return the depth of the merge tree."""
    depth = 0
    while uploads > 1:
        uploads, depth = -(-uploads // fan_in), depth + 1
    return depth


def merges_in(folder: Path, name: str) -> int:
    """Return the number of merge calls in a run."""
    results = json.loads((folder / "logs" / name / "results.json").read_text())
    return sum(done["merge"]["calls"] for done in results["rounds"] if done["merge"])


def _task_file(folder: Path, number: int, n: int) -> Path:
    """Create a task with n questions whose answers are 0 or 1."""
    path = folder / f"parity{number}_{n}.jsonl"
    if not path.exists():
        rng = random.Random(number)
        lines = (
            json.dumps(
                {
                    "question": f"Is the sum of {rng.randrange(10**6)} and {rng.randrange(10**6)} odd? "
                    f"(question {index} of list {number})",
                    "answer": str(rng.randrange(2)),
                }
            )
            for index in range(n)
        )
        path.write_text("\n".join(lines) + "\n")
    return path
