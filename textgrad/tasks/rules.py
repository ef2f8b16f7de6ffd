"""Conventions that only the data reveal: texts are routed to opaque codes by house rules. Generated; needs no network.

"RULES_tickets" has six codes. "RULES_tickets_1of3" is the first of three clients that each see the texts of a third of
the codes in training and validation, and of all codes in the test. The rules of "RULES_tickets_clash_1of3" contradict
those of the other clients: each client has its own code for every second topic.
"""

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from textgrad.discovery import load as load_module
from textgrad.discovery import names_in
from textgrad.errors import UsageError, unknown
from textgrad.tasks.scoring.answers import read_answer
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest
from textgrad.tasks.splits import Example
from textgrad.tasks.worlds._world import Topic, World

_WORLDS = "textgrad.tasks.worlds"
NAMES = (*(f"RULES_{world}" for world in names_in(_WORLDS)), "RULES_<world>_<client>of<clients>")
DEFAULTS = (48, 48, 120)  # train, validation, test
LARGEST = 1000  # per split; the smallest world has about 18,000 texts per code and split

_FORMAT = "Reply with the code alone."
_SPLITS = ("train", "val", "test")
_CODE = re.compile(r"(?<![a-z0-9])[a-z][0-9](?![a-z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class _Variant:
    """A world as one client sees it.

    Attributes:
        world: of all clients.
        rules: topics by code, of the initial prompt and the test.
        seen: codes in training and validation.
        part, parts: number of the client, from 1, and of all clients.
    """

    world: World
    rules: dict[str, Topic]
    seen: frozenset[str]
    part: int
    parts: int


def load(request: TaskRequest) -> TaskData:
    """Return the data of a world as one client sees it; the seed determines the texts.

    All codes are equally frequent. Splits share no combination of a thing and a detail, and clients no text. A larger
    size adds texts at the end of its split.

    Raises:
        UsageError: the world or the client is unknown, or a size is above `LARGEST`.
    """
    variant = _variant(request.name)
    sizes = [size or default for size, default in zip(request.sizes, DEFAULTS, strict=True)]
    if max(sizes) > LARGEST:
        raise UsageError(f"{request.name} has {LARGEST} questions per split, not {max(sizes)}: use smaller sizes")
    train, val, test = (
        list(itertools.islice(_examples(variant, split, request.seed), size))
        for split, size in zip(_SPLITS, sizes, strict=True)
    )
    return TaskData(
        (train, val, test), _description(variant.world), _FORMAT, ignore_question(code_score), "the code of the reply"
    )


def house_rules(name: str) -> str:
    """Return the initial prompt of a task, extended by one line per rule: the prompt of a person who knows them.

    Args:
        name: of the task, such as "RULES_tickets".

    Raises:
        UsageError: the task is unknown.
    """
    variant = _variant(name)
    lines = (f"If it is about {topic.label}, answer {code}." for code, topic in variant.rules.items())
    return "\n".join([_description(variant.world), *lines])


def tasks_for(purpose: str) -> list[str]:
    """Return the names of the tasks for a purpose: "design" or "report"."""
    worlds = ((name, load_module(_WORLDS, name, "world").WORLD) for name in names_in(_WORLDS))
    return [f"RULES_{name}" for name, world in worlds if world.purpose == purpose]


def code_score(prediction: str, answer: str) -> int:
    """Return 1 if a reply gives the right code: alone, as its explicit answer, or as the only code of its last line."""
    return int(read_answer(prediction, _only_code, lambda text: _only_code(text.strip().rpartition("\n")[2])) == answer)


def _only_code(text: str) -> str | None:
    codes = {code.upper() for code in _CODE.findall(text)}
    return codes.pop() if len(codes) == 1 else None


def _variant(name: str) -> _Variant:
    match = re.fullmatch(r"RULES_(.+?)(?:(_clash)?_(\d+)of(\d+))?", name)
    if match is None or match[1] not in names_in(_WORLDS):
        raise unknown("task", name, NAMES)
    world: World = load_module(_WORLDS, match[1], "world").WORLD
    part, parts = int(match[3] or 1), int(match[4] or 1)
    codes = list(world.topics)
    own = codes[1::2]  # the codes that clash
    largest = len(own) if match[2] else len(codes)
    if not 1 <= part <= parts <= largest:
        stem = f"RULES_{match[1]}{match[2] or ''}"
        raise UsageError(f"unknown client in {name!r}: expected {stem}_1of2, {stem}_2of2 and so on, up to {largest}")
    if match[2]:
        shifted = dict(zip(own, own[part - 1 :] + own[: part - 1], strict=True))
        rules = {shifted.get(code, code): topic for code, topic in world.topics.items()}
        return _Variant(world, rules, frozenset(codes), part, parts)
    seen = codes[len(codes) * (part - 1) // parts : len(codes) * part // parts]
    return _Variant(world, world.topics, frozenset(seen), part, parts)


def _description(world: World) -> str:
    return f"{world.task} The codes are {', '.join(sorted(world.topics))}."


def _examples(variant: _Variant, split: str, seed: int) -> Iterator[Example]:
    """Yield the client's examples of a split: every `parts`-th block, without the codes it does not see."""
    for block in itertools.islice(_blocks(variant, split, seed), variant.part - 1, None, variant.parts):
        for text, code in block:
            if split == "test" or code in variant.seen:
                yield text, code


def _blocks(variant: _Variant, split: str, seed: int) -> Iterator[list[Example]]:
    """Yield blocks of one text per topic, in random order; the texts of all clients are the same."""
    world = variant.world
    code_of = {topic.label: code for code, topic in variant.rules.items()}
    rng = random.Random(f"{world.task} {split} {seed}")
    used: set[str] = set()
    while True:
        block = []
        for topic in world.topics.values():
            while (text := _text(world, topic, split, rng)) in used:
                pass
            used.add(text)
            block.append((text, code_of[topic.label]))
        rng.shuffle(block)
        yield block


def _text(world: World, topic: Topic, split: str, rng: random.Random) -> str:
    """Return a random text about a topic. The split decides which details go with a thing: a third of them."""
    thing = rng.randrange(len(topic.things))
    first = (_SPLITS.index(split) + thing) % len(_SPLITS)
    fields = {"core": f"{topic.things[thing]} {rng.choice(topic.details[first :: len(_SPLITS)])}"}
    fields |= {name: rng.choice(texts) for name, texts in world.extras.items()}
    fields |= {name.capitalize(): text[0].upper() + text[1:] for name, text in fields.items()}
    return rng.choice(world.patterns).format(**fields)
