"""Runs of the program in their own processes, and the resources that they use."""

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
_INHERITED = ("PATH", "HOME", "LANG", "FEDTEXTGRAD_DATA")
_END = object()


@dataclass(frozen=True)
class Resources:
    """Resources that a process used.

    Attributes:
        seconds: wall time.
        cpu: processor time in seconds, child processes included.
        megabytes: peak resident memory.
    """

    seconds: float
    cpu: float
    megabytes: float


def run(command: list[str], url: str = "", **environment: str) -> Resources:
    """Run a command in the repository's root and return the resources that it used.

    Args:
        command: program and arguments.
        url: base URL of `openai-*` engines.
        **environment: further variables.

    Raises:
        RuntimeError: the command failed; the message ends with its output.
    """
    variables = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    variables |= {"OPENAI_API_KEY": "sk-benchmark", "OPENAI_BASE_URL": url, **environment}
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with status {process.returncode}:\n{output.decode()[-2000:]}")
    return Resources(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


# Every step has its five calls and every merge its requests, whatever the replies are.
_PAPERS_STEPS = (
    *("--optimizer", "tgd", "--accept", "not_worse", "--no_skip_solved"),
    *("--aggregate_method", "summarization", "--min_retention", "0", "--no_aggregate_gate"),
)


@dataclass(frozen=True)
class Setup:
    """Settings of one run.

    Attributes:
        module: train_centralized, train_homo_fed or train_hetero_fed.
        clients: number of clients; `train_hetero_fed` gets one task per client.
        rounds, steps, batch: rounds, local steps per round, questions per step.
        held_out: number of validation questions, and of test questions.
        engine: engine of both roles.
        options: further options of main.py.
    """

    module: str = "train_homo_fed"
    clients: int = 3
    rounds: int = 3
    steps: int = 3
    batch: int = 3
    held_out: int = 20
    engine: str = "openai-benchmark"
    options: tuple[str, ...] = ()

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return self.clients if self.module == "train_hetero_fed" else 1

    @property
    def longest_chain(self) -> int:
        """Number of calls in the longest chain of calls that each need the previous reply.

        Five calls per step: answer, criticize the answer, criticize the prompt, rewrite, answer again. The merge needs
        the last step, and the next round needs the merge. At the end, the last validation selects the prompt to test.
        """
        merges = 0 if self.module == "train_centralized" else merge_depth(self.clients)
        return self.rounds * (5 * self.steps + merges) + 2

    @property
    def paper_calls(self) -> int:
        """Number of calls of the paper's Algorithm 1 with the evaluations of its published code, without merges.

        Four calls per question of a batch: answer, two criticisms, answer with the rewrite. One call per step: the
        rewrite. The initial prompt and the prompt of each round are scored on the validation and test questions; the
        initial prompt also on the test questions with the evaluation engine.
        """
        steps = self.clients * self.rounds * self.steps
        return steps * (4 * self.batch + 1) + self.tasks * self.held_out * (2 * (self.rounds + 1) + 1)

    def run(self, folder: Path, url: str = "", name: str = "run") -> Resources:
        """Run once, with the log in folder/logs/<name>."""
        return run(self.command(folder, name), url)

    def command(self, folder: Path, name: str) -> list[str]:
        """Return the command line of the run. Create its task files if they do not exist."""
        train_size = self.clients // self.tasks * self.batch * self.steps * self.rounds
        questions = max(2 * train_size, 5 * self.held_out)
        options = {
            "module": self.module,
            "test_engine": self.engine,
            "evaluation_engine": self.engine,
            "comet_mode": "disabled",
            "log_dir": folder / "logs",
            "run_name": name,
            "rounds": self.rounds,
            "local_steps": self.steps,
            "batch_size": self.batch,
            "train_size": train_size,
            "val_size": self.held_out,
            "test_size": self.held_out,
        }
        if self.module == "train_homo_fed":
            options["num_clients"] = self.clients
        words = [word for option, value in options.items() for word in (f"--{option}", str(value))]
        tasks = [str(_task_file(folder, number, questions)) for number in range(self.tasks)]
        return [sys.executable, "main.py", *words, *_PAPERS_STEPS, *self.options, "--task", *tasks]


def map_in_threads(function: Callable[[Any], None], items: list, width: int) -> None:
    """Apply a function to all items in `width` threads."""
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


def bare_client_cpu(call_log: Path, url: str, width: int, count: int = 4000) -> float:
    """Return the processor time per call, in seconds, of a bare `openai` client that repeats a run's requests.

    Args:
        call_log: calls.sqlite of the run.
        url: base URL of the endpoint.
        width: number of requests in flight.
        count: maximum number of requests.
    """
    script = Path(__file__).with_name("bare.py")
    command = [sys.executable, str(script), str(call_log), url, str(width), str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def merge_depth(uploads: int, fan_in: int = 8) -> int:
    """Return the depth of the merge tree."""
    depth = 0
    while uploads > 1:
        uploads, depth = -(-uploads // fan_in), depth + 1
    return depth


def merge_calls(folder: Path, name: str) -> int:
    """Return the number of merge calls in a run."""
    results = json.loads((folder / "logs" / name / "results.json").read_text())
    return sum(summary["merge"]["calls"] for summary in results["rounds"] if summary["merge"])


def _task_file(folder: Path, number: int, count: int) -> Path:
    """Return a task file whose answers are 0 or 1; create it if it does not exist."""
    path = folder / f"parity{number}_{count}.jsonl"
    if not path.exists():
        rng = random.Random(number)
        path.write_text("".join(_question(rng, index, number) + "\n" for index in range(count)))
    return path


def _question(rng: random.Random, index: int, task: int) -> str:
    total = f"{rng.randrange(10**6)} and {rng.randrange(10**6)}"
    question = f"Is the sum of {total} odd? (question {index} of list {task})"
    return json.dumps({"question": question, "answer": str(rng.randrange(2))})
