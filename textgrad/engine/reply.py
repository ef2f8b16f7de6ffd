"""Sampling parameters, replies, and what may be wrong with a reply."""

from dataclasses import dataclass
from enum import StrEnum


class Flaw(StrEnum):
    """What is wrong with a reply."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    FILTERED = "filtered"
    MALFORMED = "malformed"
    TOO_LONG = "too long"
    FAILED = "failed"


_FLAWS = {
    "length": Flaw.TRUNCATED,
    "content_filter": Flaw.FILTERED,
    "malformed": Flaw.MALFORMED,
    "context": Flaw.TOO_LONG,
    "failed": Flaw.FAILED,
}


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters. The defaults are those of the published code.

    Attributes:
        temperature: >= 0; 0 is greedy decoding.
        top_p: probability mass of nucleus sampling, in (0, 1].
        max_tokens: maximum length of the reply in tokens, >= 1.
        seed: sent if the endpoint supports it.
        within: opening and closing tag that must enclose the whole reply; sent only to engines that can enforce it.
    """

    temperature: float = 0.0
    top_p: float = 0.99
    max_tokens: int = 2000
    seed: int | None = None
    within: tuple[str, str] | None = None


@dataclass(frozen=True)
class Reply:
    """A reply of a model.

    Attributes:
        text: without hidden reasoning.
        finish_reason: "stop", "length" or "content_filter"; "malformed" if the response was not a completion, "context"
            if the request exceeded the model's context, "failed" if all retries failed.
        prompt_tokens: tokens of the request; None if the endpoint does not count them.
        completion_tokens: tokens of the reply, with hidden reasoning, or None.
    """

    text: str
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def flaw(self) -> Flaw | None:
        """What is wrong with the reply, or None."""
        return _FLAWS.get(self.finish_reason) or (None if self.text.strip() else Flaw.EMPTY)

    @property
    def has_no_content(self) -> bool:
        """True if the same request should be sent once more, as the reply contains nothing."""
        return self.flaw in (Flaw.EMPTY, Flaw.FILTERED, Flaw.MALFORMED)


class Text(str):
    """The text of a reply, with its flaw.

    Attributes:
        flaw: as `Reply.flaw`.
    """

    flaw: Flaw | None

    def __new__(cls, value: str, flaw: Flaw | None = None) -> "Text":
        text = super().__new__(cls, value)
        text.flaw = flaw
        return text


def flaw_of(text: str) -> Flaw | None:
    """Return what is wrong with a reply's text, also if it comes from an engine that returns plain strings."""
    flaw = text.flaw if isinstance(text, Text) else None
    return flaw or (None if text.strip() else Flaw.EMPTY)
