"""Divide examples into training, validation and test sets."""

import random
from collections.abc import Sequence

from textgrad.errors import UsageError
from textgrad.text import comparison_key, loose_key

Example = tuple[str, str]  # question, answer
Splits = tuple[list[Example], list[Example], list[Example]]  # train, validation, test


def cut(splits: Splits, sizes: Sequence[int | None], name: str) -> Splits:
    """Return the first examples of each split.

    Args:
        splits: train, validation and test examples.
        sizes: requested number of examples per split; None for all.
        name: of the task, for the error message.

    Raises:
        UsageError: a split has fewer examples.
    """
    for label, size, split in zip(("train", "val", "test"), sizes, splits, strict=True):
        if size is not None and size > len(split):
            raise UsageError(
                f"{label}_size is {size}, but {name} has {len(split)} examples there: use at most {len(split)}"
            )
    train, val, test = (split[:size] for size, split in zip(sizes, splits, strict=True))
    return train, val, test


def distinct(examples: Sequence[Example]) -> list[Example]:
    """Return the examples in order, without those that repeat an earlier question.

    Questions are the same if they look the same, or if they differ only in case, quotes or compatibility forms and have
    the same answer.
    """
    kept: list[Example] = []
    seen: set[object] = set()
    for question, answer in examples:
        keys = {comparison_key(question), (loose_key(question), loose_key(answer))}
        if not keys & seen:
            kept.append((question, answer))
        seen |= keys
    return kept


def disjoint(splits: Splits) -> Splits:
    """Return the splits without repeated questions, within a split and between them; the first one stays."""
    kept: list[list[Example]] = []
    for split in splits:
        earlier = [example for each in kept for example in each]
        kept.append(distinct([*earlier, *split])[len(earlier) :])
    return kept[0], kept[1], kept[2]


def shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return the examples in an order that the seed determines."""
    return random.Random(seed).sample(examples, len(examples))


def seeded_splits(examples: Sequence[Example], shares: tuple[float, float, float], seed: int, name: str) -> Splits:
    """Shuffle the distinct examples and divide them into train, validation and test.

    Args:
        examples: at least three different questions.
        shares: of train, validation and test; they add up to 1.
        seed: determines the order.
        name: of the data, for the error message.

    Raises:
        UsageError: there are fewer than three different questions.
    """
    shuffled = distinct(examples)
    if len(shuffled) < 3:
        raise UsageError(
            f"{name} has {len(shuffled)} different questions: at least 3 are needed, one for each of "
            "training, validation and test"
        )
    random.Random(seed).shuffle(shuffled)
    val, test = (max(1, round(len(shuffled) * share)) for share in shares[1:])
    train = len(shuffled) - val - test
    return shuffled[:train], shuffled[train : train + val], shuffled[train + val :]
