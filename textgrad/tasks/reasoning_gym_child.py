"""The process that makes reasoning_gym questions and checks answers to them. Run as a script; never imported to do so.

A process of its own, because several data sets depend on the order of hashed strings, which PYTHONHASHSEED fixes only
at the start of a process; because some print, or change global generators; and because a verifier that computes with
what a model wrote may never end, and is then ended from outside.

    python -P reasoning_gym_child.py DATASET SEED WANTED
writes a line of JSON for each of WANTED different questions, one that says how it ended, and then answers every line
{"index": i, "answers": [text, ...]} with {"score": s}, the best of their scores.
"""

import contextlib
import json
import os
import re
import signal
import sys

_DRAWS = 20  # questions drawn for every one wanted, before giving up finding more different ones
_EXAMPLES = ("possible_answer", "example_answer", "example_correct_answer")
_ANY = "any answer that meets the conditions"

# what reasoning_gym's own code was seen to raise for odd questions and odd answers
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    StopIteration,
    OSError,
)

# These hand the answer to Python's eval, which must never see a call ...
_LITERALS = {"binary_matrix", "n_queens", "spiral_matrix", "string_insertion"}
# ... and these to sympy's parser, which evaluates too: only formulas of known functions may reach it.
_FORMULAS = {"countdown", "intermediate_integration", "polynomial_multiplication", "puzzle24", "simple_integration"}
_CALLS = set(
    [
        "sin",
        "cos",
        "tan",
        "sec",
        "csc",
        "cot",
        "asin",
        "acos",
        "atan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "exp",
        "log",
        "ln",
        "sqrt",
        "Abs",
    ]
)

# Two verifiers accept more than the question asks for; these conditions must hold as well.
_STRICTER = {
    "game_of_life_halting": lambda answer, entry: answer.strip().lower() == entry["answer"].lower(),
    "puzzle24": lambda answer, entry: _integers(answer) == sorted(entry["metadata"]["numbers"]),
}


def main() -> None:
    """Questions, then scores until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the program that started this one
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the libraries print goes nowhere
    name, seed, wanted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with contextlib.suppress(BrokenPipeError):
        _serve(lines, name, seed, wanted)


def _serve(lines, name: str, seed: int, wanted: int) -> None:
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    known = sorted(set(DATASETS) - {"composite"})  # a mixture of others, which has to be configured
    if name not in known:
        return _send(lines, known=known)
    dataset = reasoning_gym.create_dataset(name, size=wanted * _DRAWS, seed=seed)
    entries = []
    for entry in _different(dataset, wanted):
        entries.append(entry)
        _send(lines, question=entry["question"], answer=_shown(entry))
    _send(lines, made=len(entries))
    for line in sys.stdin:
        asked = json.loads(line)
        scores = [_score(dataset, name, entries[asked["index"]], answer) for answer in asked["answers"]]
        _send(lines, score=max(scores, default=0.0))


def _send(lines, **message) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()


def _different(dataset, wanted: int):
    """Up to `wanted` entries with different questions, in the order of their indices."""
    seen: set[str] = set()
    for index in range(wanted * _DRAWS):
        try:
            entry = dataset[index]
        except _FAILURES:
            continue
        if entry["question"] not in seen:
            seen.add(entry["question"])
            yield entry
        if len(seen) == wanted:
            return


def _shown(entry: dict) -> str:
    """The answer as a text; where there is none, an example of one, if the entry has one."""
    if isinstance(entry["answer"], str):
        return entry["answer"]
    example = next((entry["metadata"][key] for key in _EXAMPLES if key in entry["metadata"]), _ANY)
    return example if isinstance(example, str) else json.dumps(example)


def _score(dataset, name: str, entry: dict, answer: str) -> float:
    if not is_safe(name, answer):
        return 0.0
    try:
        return float(name not in _STRICTER or _STRICTER[name](answer, entry)) * dataset.score_answer(answer, entry)
    except _FAILURES:
        return 0.0


def _integers(text: str) -> list[int]:
    return sorted(map(int, re.findall(r"\d{1,9}", text)))


def is_safe(name: str, answer: str) -> bool:
    """False for an answer that the data set's verifier would run as code."""
    if name in _LITERALS:
        return "(" not in answer and "**" not in answer
    if name in _FORMULAS:
        return (
            re.fullmatch(r"[\w\s+\-*/^().,]*", answer) is not None
            and "__" not in answer
            and not re.search(r"\.\s*[A-Za-z_]|\w\s*\.\s*_", answer)
            and set(re.findall(r"([A-Za-z_]\w*)\s*\(", answer)) <= _CALLS
        )
    return True


if __name__ == "__main__":
    main()
