"""reasoning_gym: about a hundred kinds of generated questions, each with a verifier, without any network.

Questions are made by a process beside this one (`reasoning_gym_child`), which also checks the answers.
"""

import functools
import hashlib
import importlib.util
import json
import os
import re
import select
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from textgrad.errors import BrokenSystem, UsageError, unknown
from textgrad.tasks.base import Example
from textgrad.tasks.scoring.answers import exact
from textgrad.tasks.scoring.extract import bold_answer, clean, explicit_answer, explicit_block
from textgrad.tasks.source import Request, Sizes, Source, Splits

DEFAULTS = Sizes(50, 100, 100)
RIGHT = 0.99  # a verifier's score from which an answer is right; partly right is wrong
TIME_LIMIT = 20.0  # seconds for one check of an answer

_FORMAT = "End with 'Answer:' followed by the final answer alone, in the form that the question asks for."
_CHILD = Path(__file__).with_name("reasoning_gym_child.py")


def load(request: Request) -> Source:
    """The source of "RG_" and the name of a data set of reasoning_gym. Its seed decides the questions.

    Without sizes there are 50, 100 and 100 examples, or fewer in the same proportion where the data set has not as
    many different questions. More for training leave validation and test as they are.

    Raises:
        UsageError: an unknown data set; more wanted than there are different questions.
        BrokenSystem: reasoning_gym is not installed, or cannot make this data set.
    """
    dataset = request.name.removeprefix("RG_")
    sizes = Sizes(*(given or default for given, default in zip(request.sizes, DEFAULTS, strict=True)))
    examiner = _examiner(dataset, request.seed, sum(sizes))
    made = len(examiner.examples)
    if made < sum(sizes) and any(request.sizes) or made < 5:
        raise UsageError(
            f"{request.name} has {made} different questions, but the sizes add up to {sum(sizes)} "
            f"(train {sizes.train}, val {sizes.val}, test {sizes.test}): ask for fewer"
        )
    description = f"Solve a task of the kind '{dataset.replace('_', ' ')}'. Think step by step."
    return Source(_dealt(examiner.examples, sizes), description, _FORMAT, examiner.score)


def _dealt(examples: list[Example], sizes: Sizes) -> Splits:
    share = min(1.0, len(examples) / sum(sizes))
    test = int(sizes.test * share)
    val = test + int(sizes.val * share)
    return examples[val:], examples[test:val], examples[:test]


class Examiner:
    """Questions of one data set, and the verifier of answers to them.

    Args:
        dataset: its name in reasoning_gym.
        seed: decides the questions.
        wanted: how many different ones, >= 1; there may be fewer.

    Attributes:
        examples: (question, answer) pairs; the answer is one of those that the verifier accepts.
    """

    def __init__(self, dataset: str, seed: int, wanted: int):
        if importlib.util.find_spec("reasoning_gym") is None:
            raise BrokenSystem(f"RG_{dataset} needs the package reasoning-gym: pip install reasoning-gym")
        # reasoning_gym seeds question i with seed + i, so that seeds side by side would share questions
        stream = int.from_bytes(hashlib.sha256(f"{dataset} {seed}".encode()).digest()[:4]) >> 1
        self._dataset, self._arguments = dataset, [dataset, str(stream), str(wanted)]
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self.examples = self._start()
        self._places = {question: place for place, (question, _) in enumerate(self.examples)}

    def score(self, question: str | None, prediction: str, answer: str) -> int:
        """1 where the verifier accepts the reply's answer in full, else 0.

        Args:
            question: as in `examples`, with or without the answer format; None to find it by its answer.
            prediction: the reply.
            answer: as in `examples`; compared as text where the question cannot be found.
        """
        place = self._place(question, answer)
        if place is None:
            return exact(prediction, answer)
        return int(self._check(place, candidates(prediction)) >= RIGHT)

    def _place(self, question: str | None, answer: str) -> int | None:
        if question is not None:
            return self._places.get(question.removesuffix(f"\n\n{_FORMAT}"))
        places = [place for place, (_, known) in enumerate(self.examples) if known == answer]
        return places[0] if len(places) == 1 else None

    def _check(self, place: int, answers: list[str]) -> float:
        """The best score of some answers, from 0 to 1; 0 where the verifier takes too long, which ends its process."""
        with self._lock:
            if self._process is None:
                self._start()
            try:
                self._process.stdin.write(json.dumps({"index": place, "answers": answers}) + "\n")
                self._process.stdin.flush()
                if select.select([self._process.stdout], [], [], TIME_LIMIT)[0]:
                    return json.loads(self._process.stdout.readline())["score"]
            except (OSError, ValueError):  # it has ended
                pass
            self._process.kill()
            self._process = None
            return 0.0

    def _start(self) -> list[Example]:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", str(_CHILD), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**_without_secrets(os.environ), "PYTHONHASHSEED": "0"},
        )
        weakref.finalize(self, _end, self._process)
        return list(self._made())

    def _made(self) -> Iterator[Example]:
        from tqdm import tqdm

        with tqdm(total=int(self._arguments[2]), desc=f"making RG_{self._dataset}", delay=2) as bar:
            for line in self._process.stdout:
                message = json.loads(line)
                if "known" in message:
                    raise unknown("data set of reasoning_gym", self._dataset, message["known"])
                if "made" in message:
                    return
                bar.update()
                yield message["question"], message["answer"]
        raise BrokenSystem(
            f"reasoning_gym cannot make {self._dataset!r}: its process ended with exit status "
            f"{self._process.wait()}; try another data set or release of reasoning-gym"
        )


# A run, its rehearsal and its other seeds ask for the same questions, and a process takes a second to make them.
_examiner = functools.lru_cache(maxsize=4)(Examiner)


def candidates(prediction: str) -> list[str]:
    """The readings of a reply's answer, to be tried in order: all its lines, its first one, and these without markup.

    A reply that states no answer is tried as a whole, then its last paragraph, bold text and last line.
    """
    block = explicit_block(prediction)
    if block is not None:
        first_line = block.strip().split("\n")[0].strip()
        readings = [block.strip(), clean(block), first_line, explicit_answer(prediction) or ""]
    elif getattr(prediction, "flaw", None) or not prediction.strip():
        readings = []
    else:
        text = prediction.strip()
        readings = [text, text.split("\n\n")[-1], bold_answer(text) or "", text.split("\n")[-1]]
    return list(dict.fromkeys(filter(None, readings)))


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """No key belongs into a process in which verifiers compute with what a model wrote."""
    secret = re.compile("KEY|TOKEN|SECRET|PASSW|CRED|PROXY|URL|BASE")
    return {name: value for name, value in environment.items() if not secret.search(name.upper())}


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
