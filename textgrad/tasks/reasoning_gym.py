"""reasoning_gym: about a hundred generated data sets with verifiers; needs no network.

A child process (`reasoning_gym_child`) generates the questions and verifies the answers.
"""

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from textgrad.bar_output import bar_output
from textgrad.errors import BrokenSystem, UsageError, unknown
from textgrad.tasks.scoring.answers import exact
from textgrad.tasks.scoring.extract import bold_answer, clean, explicit_block, is_incomplete
from textgrad.tasks.source import TaskData, TaskRequest
from textgrad.tasks.splits import Example, Splits
from textgrad.text import normalize

NAMES = ("RG_<dataset>",)
DEFAULTS = (50, 100, 100)  # train, validation, test
TIME_LIMIT = 20.0  # seconds per verification

_FORMAT = "End with 'Answer:' followed by the final answer alone, in the form that the question asks for."
_CHILD = Path(__file__).with_name("reasoning_gym_child.py")


def load(request: TaskRequest) -> TaskData:
    """Return the data of "RG_<dataset>"; the seed determines the questions.

    The default sizes are 50, 100 and 100, or fewer in the same proportion if the data set has fewer different
    questions. A larger training set leaves the validation and test sets unchanged.

    Raises:
        UsageError: the data set is unknown, or has fewer different questions than requested.
        BrokenSystem: reasoning_gym is not installed, or cannot generate this data set.
    """
    if importlib.util.find_spec("reasoning_gym") is None:
        raise BrokenSystem(f"{request.name} needs the package reasoning-gym: pip install reasoning-gym")
    dataset = request.name.removeprefix("RG_")
    train, val, test = (size or default for size, default in zip(request.sizes, DEFAULTS, strict=True))
    total = train + val + test
    examiner = _examiner(dataset, request.seed, total)
    available = len(examiner.examples)
    if available < total and any(request.sizes) or available < 5:
        raise UsageError(
            f"{request.name} has {available} different questions, but the sizes add up to {total} "
            f"(train {train}, val {val}, test {test}): use smaller sizes"
        )
    description = f"Solve a task of the kind '{dataset.replace('_', ' ')}'. Think step by step."
    return TaskData(
        _split(examiner.examples, val, test, min(1.0, available / total)),
        description,
        _FORMAT,
        examiner.score,
        f"reasoning_gym's {dataset}",
    )


def _split(examples: list[Example], val: int, test: int, share: float) -> Splits:
    last_test = int(test * share)
    last_val = last_test + int(val * share)
    return examples[last_val:], examples[last_test:last_val], examples[:last_test]


class Examiner:
    """Questions of one data set and their verifier.

    Args:
        dataset: name of the data set in reasoning_gym.
        seed: determines the questions.
        wanted: number of different questions, >= 1; the data set may have fewer.

    Attributes:
        examples: (question, answer) pairs; the verifier may accept other answers too.
    """

    def __init__(self, dataset: str, seed: int, wanted: int):
        # reasoning_gym seeds question i with seed + i, so consecutive seeds would share questions
        stream = int.from_bytes(hashlib.sha256(f"{dataset} {seed}".encode()).digest()[:4]) >> 1
        self._dataset, self._arguments = dataset, [dataset, str(stream), str(wanted)]
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self.examples = self._start()
        self._indices = {question: index for index, (question, _) in enumerate(self.examples)}

    def score(self, question: str | None, prediction: str, answer: str) -> float:
        """Return the verifier's score of a reply, in [0, 1].

        Args:
            question: as in `examples`, with or without the answer format; None to find it by its answer.
            prediction: the reply.
            answer: as in `examples`; compared as text if the question is unknown.
        """
        index = self._index_of(question, answer)
        if index is None:
            return exact(prediction, answer)
        return self._verify(index, candidates(prediction))

    def _index_of(self, question: str | None, answer: str) -> int | None:
        if question is not None:
            return self._indices.get(question.removesuffix(f"\n\n{_FORMAT}"))
        indices = [index for index, (_, expected) in enumerate(self.examples) if expected == answer]
        return indices[0] if len(indices) == 1 else None

    def _verify(self, index: int, answers: list[str]) -> float:
        """Return the best score of several answers, or 0 if the verifier exceeds `TIME_LIMIT` and is killed."""
        with self._lock:
            if self._process is None:
                self._start()
            assert self._process is not None
            message = self._process.ask({"index": index, "answers": answers}, TIME_LIMIT)
            if message is None:
                self._process = None
                return 0.0
            return min(1.0, message["score"])  # some verifiers add up weights to slightly more

    def _start(self) -> list[Example]:
        self._process = _Process([str(_CHILD), *self._arguments])
        weakref.finalize(self, self._process.stop)
        return list(self._read_examples(self._process))

    def _read_examples(self, process: "_Process") -> Iterator[Example]:
        from tqdm import tqdm

        label = f"generating RG_{self._dataset}"
        with tqdm(total=int(self._arguments[2]), desc=label, delay=2, **bar_output()) as bar:
            while (message := process.read()) is not None:
                if "names" in message:
                    raise unknown("task", f"RG_{self._dataset}", [f"RG_{name}" for name in message["names"]])
                if "generated" in message:
                    return
                bar.update()
                yield normalize(message["question"]), normalize(message["answer"])
        raise BrokenSystem(
            f"reasoning_gym cannot generate {self._dataset!r}: its process ended with exit status "
            f"{process.popen.wait()}; try another data set or release of reasoning-gym"
        )


class _Process:
    """A child process that reads and writes lines of JSON.

    Args:
        command: a Python script and its arguments.
    """

    def __init__(self, command: list[str]):
        self.popen = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**_without_secrets(os.environ), "PYTHONHASHSEED": "0"},
        )
        assert self.popen.stdin is not None and self.popen.stdout is not None
        self._stdin, self._stdout = self.popen.stdin, self.popen.stdout

    def read(self) -> dict | None:
        """Return the next message, or None if the process has ended."""
        line = self._stdout.readline()
        return json.loads(line) if line else None

    def ask(self, message: dict, time_limit: float) -> dict | None:
        """Return the reply to a message, or None if the process ended or was killed after `time_limit` seconds."""
        watchdog = threading.Timer(time_limit, self.popen.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._stdin.write(json.dumps(message) + "\n")
            self._stdin.flush()
            reply = self.read()
        except (OSError, ValueError):
            reply = None
        finally:
            watchdog.cancel()
        if reply is None:
            self.popen.kill()
        return reply

    def stop(self) -> None:
        """Kill the process and close its pipes."""
        self.popen.kill()
        self.popen.wait()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()


# A run, its dry run and its other seeds share the questions, and a process takes a second to generate them.
_examiner = functools.lru_cache(maxsize=4)(Examiner)


def candidates(prediction: str) -> list[str]:
    """Return the candidate answers of a reply, in order: all lines, the first line, both without markup.

    Without an explicit answer: the full reply, its last paragraph, bold text and last line, also without markup.
    """
    block = explicit_block(prediction)
    if block is not None:
        first_line = block.strip().split("\n")[0].strip()
        texts = [block.strip(), clean(block), first_line, clean(first_line)]
        texts += _with_full_stop(first_line)
    elif is_incomplete(prediction) or not prediction.strip():
        texts = []
    else:
        text = prediction.strip()
        texts = [text, text.split("\n\n")[-1], bold_answer(text) or "", text.split("\n")[-1]]
        if not bold_answer(text):
            texts += [clean(text), clean(texts[-1]), *_with_full_stop(texts[-1])]
    return list(dict.fromkeys(filter(None, texts)))


def _with_full_stop(line: str) -> list[str]:
    """Return a line without markup but with its final full stop, which may belong to the answer, if it has one."""
    return [f"{clean(line)}."] if re.search(r"\.\W*$", line) else []


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without secrets, because the child process evaluates text of a model."""
    secret = re.compile("KEY|TOKEN|SECRET|PASSW|CRED|PROXY|URL|BASE")
    return {name: value for name, value in environment.items() if not secret.search(name.upper())}
