"""Child process that generates reasoning_gym questions and verifies answers. Run as a script.

It is a separate process for three reasons: some data sets depend on the order of hashed strings, which PYTHONHASHSEED
fixes only at process start; some print or change global random generators; and a verifier that computes with text of a
model may never end, so the parent must be able to kill it.

    python -P reasoning_gym_child.py DATASET SEED WANTED
writes one line of JSON per question for up to WANTED different questions, then {"generated": n}. After that it answers
every line {"index": i, "answers": [text, ...]} with {"score": s}, the best of the answers' scores.
"""

import contextlib
import json
import os
import re
import signal
import sys

_MAX_DRAWS = 20  # maximum draws per wanted distinct question
_EXAMPLES = ("possible_answer", "example_answer", "example_correct_answer")
_ANY = "any answer that meets the conditions"

# exceptions that reasoning_gym raises for unusual questions and answers
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

# These verifiers pass the answer to Python's eval: answers with calls are rejected.
_LITERALS = {"binary_matrix", "n_queens", "spiral_matrix", "string_insertion"}
# These pass it to sympy's parser, which also evaluates: only formulas with these functions are accepted.
_FORMULAS = {"countdown", "intermediate_integration", "polynomial_multiplication", "puzzle24", "simple_integration"}
_CALLS = {
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
}

# Two verifiers accept more than the question asks for; these conditions must also hold.
_STRICTER = {
    "game_of_life_halting": lambda answer, entry: answer.strip().lower() == entry["answer"].lower(),
    "puzzle24": lambda answer, entry: _integers(answer) == sorted(entry["metadata"]["numbers"]),
}


def main() -> None:
    """Write the questions, then scores until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is handled by the parent process
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # discard output of the libraries
    name, seed, wanted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with contextlib.suppress(BrokenPipeError):
        _serve(lines, name, seed, wanted)


def _serve(lines, name: str, seed: int, wanted: int) -> None:
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    names = sorted(set(DATASETS) - {"composite"})  # composite mixes others and needs configuration
    if name not in names:
        return _send(lines, names=names)
    dataset = reasoning_gym.create_dataset(name, size=wanted * _MAX_DRAWS, seed=seed)
    entries = []
    for entry in _distinct_entries(dataset, wanted):
        entries.append(entry)
        _send(lines, question=entry["question"], answer=_answer_text(entry))
    _send(lines, generated=len(entries))
    for line in sys.stdin:
        request = json.loads(line)
        entry = entries[request["index"]]
        scores = [_score(dataset, name, entry, answer) for answer in request["answers"]]
        _send(lines, score=max(scores, default=0.0))


def _send(lines, **message) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()


def _distinct_entries(dataset, wanted: int):
    """Yield up to `wanted` entries with distinct questions, in index order."""
    seen: set[str] = set()
    for index in range(wanted * _MAX_DRAWS):
        try:
            entry = dataset[index]
        except _FAILURES:
            continue
        if entry["question"] not in seen:
            seen.add(entry["question"])
            yield entry
        if len(seen) == wanted:
            return


def _answer_text(entry: dict) -> str:
    """Return the answer as text; without one, an example answer if the entry has it."""
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
    """Return False for an answer that the data set's verifier would run as code."""
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
