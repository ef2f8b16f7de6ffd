"""Uploads, the input of aggregators."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from utils.aggregation.fence import printable


@dataclass(frozen=True)
class Upload:
    """One distinct prompt with the counts of its training.

    Attributes:
        client: number of the first client that uploaded the prompt.
        prompt: the uploaded text.
        n: training questions of all its clients; 0 if unknown.
        accuracy_before: accuracy on the minibatches before each step, in [0, 1]; None if unknown.
        accuracy_after: accuracy on the same minibatches after each step.
        accepted: accepted local steps of all its clients.
        copies: clients that uploaded this prompt, >= 1.
    """

    client: int
    prompt: str
    n: int = 0
    accuracy_before: float | None = None
    accuracy_after: float | None = None
    accepted: int = 0
    copies: int = 1


def printable_uploads(uploads: Iterable[Upload]) -> list[Upload]:
    """Return the non-empty uploads in order, as printable text."""
    return [replace(upload, prompt=prompt) for upload in uploads if (prompt := printable(upload.prompt))]


def distinct_uploads(uploads: Iterable[Upload]) -> list[Upload]:
    """Return the non-empty uploads in order, as printable text, with equal prompts combined into one upload."""
    by_prompt: dict[str, Upload] = {}
    for upload in printable_uploads(uploads):
        first = by_prompt.get(upload.prompt)
        by_prompt[upload.prompt] = _combined(first, upload) if first else upload
    return list(by_prompt.values())


def _combined(first: Upload, second: Upload) -> Upload:
    return replace(
        first,
        n=first.n + second.n,
        accuracy_before=_weighted_mean((first.n, first.accuracy_before), (second.n, second.accuracy_before)),
        accuracy_after=_weighted_mean((first.n, first.accuracy_after), (second.n, second.accuracy_after)),
        accepted=first.accepted + second.accepted,
        copies=first.copies + second.copies,
    )


def _weighted_mean(*weighted: tuple[int, float | None]) -> float | None:
    counted = [(weight, value) for weight, value in weighted if value is not None and weight]
    total = sum(weight for weight, _ in counted)
    return sum(weight * value for weight, value in counted) / total if total else None
