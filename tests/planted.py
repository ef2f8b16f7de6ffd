"""Precision and recall of the leak guard on planted text: uploads with one private string of a client each.

.venv/bin/python -m tests.planted prints the table of utils/privacy/README.md. Everything is drawn from a seed.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from utils.privacy.leak import Leak, PrivateTexts

TEXTS = json.loads(Path(__file__).with_name("planted_texts.json").read_text(encoding="utf-8"))
TRIALS = 200  # uploads per kind
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

DISGUISES: dict[str, Callable[[str], str]] = {
    "none": str,
    "upper case": str.upper,
    "line breaks": lambda text: text.replace(" ", "\n"),
    "full width": lambda text: "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text),
    "zero width": lambda text: "\u200b".join(text),
}


class Question(NamedTuple):
    """A private question: its text and the strings in it, by kind."""

    text: str
    parts: dict[str, str]


class Result(NamedTuple):
    """Planted strings of one kind: uploads, those whose string was found, and other strings found in them."""

    n: int
    found: int
    false: int


def question(rng: random.Random) -> Question:
    """Return a question with a name, a number and a contact."""
    digits = rng.randint(1, 6)
    number = str(rng.randrange(10 ** (digits - 1), 10**digits))
    name, template = rng.choice(TEXTS["names"]), rng.randrange(len(TEXTS["questions"]))
    word, price = rng.choice(TEXTS["word_names"]), f"{rng.randint(2, 99)}.{rng.randint(11, 99)}"
    email = f"{word.lower()}.{rng.randint(10, 99)}@{rng.choice(TEXTS['domains'])}"
    code = f"{''.join(rng.choices('BCDFGHKLMNPQRSTVW', k=3))}-{rng.randint(1000, 9999)}"
    (item, item2), (place, place2) = rng.sample(TEXTS["items"], 2), rng.sample(TEXTS["places"], 2)
    copied = TEXTS["questions"][template].format(
        name=name, number=number, item=item, item2=item2, place=place, place2=place2
    )
    words = copied.partition(".")[0].split()
    start = rng.randrange(len(words) - 7)
    return Question(
        f"{copied} There {word} paid {price} dollars; write to {email} about file {code}.",
        {
            f"number of {digits} digits" if digits > 1 else "number of 1 digit": number,
            "price": price,
            "name": name,
            "name that is a word": word,
            "e-mail address": email,
            "file number": code,
            "8 words in a row": " ".join(words[start : start + 8]),
            "4 words in a row": " ".join(words[start : start + 4]),
            "paraphrased question": TEXTS["reworded"][template],
            "number in words": " ".join(_ONES[int(digit)] for digit in number),
        },
    )


def plant(text: str, rng: random.Random) -> tuple[str, int, int]:
    """Return ordinary instructions with a text among them, and its start and end."""
    lines = rng.sample(TEXTS["instructions"], 5)
    carrier = rng.choice(TEXTS["carriers"])
    before = "\n".join([*lines[:3], carrier.partition("{}")[0]])
    return "\n".join([before + text + carrier.partition("{}")[2], *lines[3:]]), len(before), len(before) + len(text)


def covers(leak: Leak, upload: str, start: int, end: int) -> bool:
    """Return True if the guard found every letter and digit of a planted text."""
    hidden = {position for span in leak.spans for position in range(*span)}
    return all(position in hidden for position in range(start, end) if upload[position].isalnum())


def planted_uploads(questions: int, trials: int = TRIALS, seed: int = 0) -> dict[str, Result]:
    """Return what the guard finds in uploads with one planted string, by kind of string.

    Args:
        questions: private questions of the client.
        trials: uploads per kind.
        seed: determines all draws.
    """
    results: dict[str, Result] = {}
    for trial in range(trials):
        rng = random.Random(f"planted {seed} {trial}")
        own = [question(rng) for _ in range(questions)]
        private = PrivateTexts(each.text for each in own)
        for kind, strings in sorted(_by_kind(own).items()):
            disguise = rng.choice(list(DISGUISES.values()))
            upload, start, end = plant(disguise(rng.choice(strings)), rng)
            leak = private.leak(upload, "")
            false = sum(stop <= start or begin >= end for begin, stop in leak.spans)
            old = results.get(kind, Result(0, 0, 0))
            found = covers(leak, upload, start, end)
            results[kind] = Result(old.n + 1, old.found + found, old.false + false)
    return results


def invented_examples(questions: int, trials: int = TRIALS, seed: int = 0) -> dict[str, Result]:
    """Return what the guard finds in uploads with an invented string, by kind: everything found is a false alarm.

    Args: as for `planted_uploads`.
    """
    results: dict[str, Result] = {}
    for trial in range(trials):
        rng = random.Random(f"invented {seed} {trial}")
        private = PrivateTexts([question(rng).text for _ in range(questions)])
        invented = {"name": rng.choice(TEXTS["invented_names"])}
        invented |= {f"number of {n} digits": str(rng.randrange(10 ** (n - 1), 10**n)) for n in range(2, 5)}
        for kind, text in {"nothing": "this", **invented}.items():
            leak = private.leak(plant(text, rng)[0], "")
            old = results.get(kind, Result(0, 0, 0))
            results[kind] = Result(old.n + 1, 0, old.false + len(leak.spans))
    return results


def _by_kind(questions: list[Question]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for each in questions:
        for kind, text in each.parts.items():
            kinds.setdefault(kind, []).append(text)
    return kinds


def precision(*results: dict[str, Result]) -> float:
    """Return the share of planted strings in everything that the guard found."""
    counts = [each for result in results for each in result.values()]
    found, false = sum(each.found for each in counts), sum(each.false for each in counts)
    return found / (found + false)


def _print(title: str, results: dict[str, Result]) -> None:
    print(f"\n| {title} | uploads | found | false alarms |\n|---|---|---|---|")
    for kind, (n, found, false) in sorted(results.items()):
        print(f"| {kind} | {n} | {found} | {false} |")


if __name__ == "__main__":
    for size in (40, 400):
        planted, invented = planted_uploads(size), invented_examples(size)
        _print(f"planted, {size} questions", planted)
        _print(f"invented, {size} questions", invented)
        print(f"\nprecision {precision(planted):.3f}, with invented examples {precision(planted, invented):.3f}")
