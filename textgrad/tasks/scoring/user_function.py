"""A user's own metric: a Python function in a file, named as "metric.py:score".

It is called as `score(question, prediction, answer)` or `score(prediction, answer)`, by several threads at once, and
returns a score in [0, 1] or `(score, feedback)`.
"""

import contextlib
import functools
import hashlib
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks.scoring.scorer import Grade
from textgrad.text import normalize, read_text

_FORM = "a metric is named as file.py:function"
_LONGEST = 80  # characters of a returned value in a message


def is_function(scorer: str | None) -> bool:
    """Return True if a scorer's name means a user's function, not a built-in scorer."""
    return scorer is not None and (":" in scorer or scorer.endswith(".py"))


class UserFunction:
    """A graded scorer that calls a user's function.

    Args:
        scorer: "file.py:function".

    Attributes:
        name: the file's name without its folder, and the function, such as "metric.py:score".
        fingerprint: 16 hexadecimal digits that depend on the file's content.

    Raises:
        UsageError: the file or the function is missing or unusable.
    """

    def __init__(self, scorer: str):
        file, _, function = scorer.rpartition(":")
        self._path = Path(file).expanduser()
        if self._path.suffix != ".py" or not function:
            raise UsageError(f"--scorer {scorer!r}: {_FORM}, such as metric.py:score")
        source = read_text(self._path, f"--scorer {scorer}")
        self.name = f"{normalize(self._path.name)}:{function}"
        self.fingerprint = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16]
        self._function = self._find(function, source)
        self._takes_question = self._number_of_parameters() == 3

    def __call__(self, question: str | None, prediction: str, answer: str) -> Grade:
        """Return the grade of a reply.

        Raises:
            BrokenSystem: the function fails, or returns anything else than a score, or a score and a text.
        """
        arguments = (question or "", prediction, answer) if self._takes_question else (prediction, answer)
        try:
            returned = self._function(*arguments)
        except (Exception, SystemExit) as error:
            raise BrokenSystem(f"--scorer {self.name} failed: {self._cause(error)}") from error
        score, feedback = returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, "")
        number = float(score) if hasattr(type(score), "__float__") else -1.0
        if not 0 <= number <= 1 or not isinstance(feedback, str):
            shown = " ".join(repr(returned).split())[:_LONGEST]
            raise BrokenSystem(
                f"--scorer {self.name} returned {shown}: expected a score from 0 to 1, or (score, feedback)"
            )
        return Grade(number, normalize(feedback).strip())

    def _find(self, function: str, source: str) -> Callable[..., Any]:
        try:
            found = getattr(_module(self._path.resolve(), source), function, None)
        except (Exception, SystemExit) as error:
            raise UsageError(f"--scorer {self.name}: the file cannot be imported: {self._cause(error)}") from error
        if not callable(found):
            problem = "has no such function" if found is None else f"is {type(found).__name__}, not a function"
            raise UsageError(f"--scorer {self.name} {problem}: {_FORM}")
        return found

    def _number_of_parameters(self) -> int:
        """Return the number of parameters without a default."""
        parameters: list[inspect.Parameter] = []
        with contextlib.suppress(TypeError, ValueError):  # a function that is not written in Python
            parameters = list(inspect.signature(self._function).parameters.values())
        required = [each for each in parameters if each.default is each.empty and each.kind != each.VAR_KEYWORD]
        if len(required) not in (2, 3) or any(
            each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL) for each in required
        ):
            raise UsageError(
                f"--scorer {self.name} takes ({', '.join(map(str, parameters))}): "
                "it must take (question, prediction, answer) or (prediction, answer)"
            )
        return len(required)

    def _cause(self, error: BaseException) -> str:
        """Return an error with the last line of the user's file that led to it, in one line."""
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(self._path.resolve())]
        where = f" (line {lines[-1]})" if lines else ""
        return f"{' '.join(f'{type(error).__name__}: {error}'.split())}{where}"


@functools.cache
def _module(path: Path, source: str) -> ModuleType:
    """Import a file under a name of its own, once per content."""
    name = f"scorer_{hashlib.sha256(f'{path} {source}'.encode('utf-8', 'replace')).hexdigest()[:16]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look it up
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module
