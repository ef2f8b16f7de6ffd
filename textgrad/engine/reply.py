"""What is asked of a model beside the messages, and what it sends back."""

from dataclasses import dataclass

_FLAWS = {
    "length": "truncated",
    "content_filter": "filtered",
    "malformed": "malformed",
    "context": "too long",
    "failed": "failed",
}


@dataclass(frozen=True)
class Sampling:
    """How a reply is drawn. Defaults are those of the paper's code.

    Attributes:
        temperature: 0 picks the likeliest token; >= 0.
        top_p: nucleus mass, in (0, 1].
        max_tokens: longest reply, in tokens, >= 1.
        seed: passed on where the endpoint takes one.
        within: two tags between which the whole reply must stand; sent only to an engine that can enforce it.
    """

    temperature: float = 0.0
    top_p: float = 0.99
    max_tokens: int = 2000
    seed: int | None = None
    within: tuple[str, str] | None = None


@dataclass(frozen=True)
class Reply:
    """What a model sent back.

    Attributes:
        text: the reply without hidden reasoning.
        finish_reason: "stop", "length", "content_filter"; "malformed" when no completion could be read, "context" when
            the request was longer than the model's context, "failed" when it was given up.
        prompt_tokens: tokens of the request, or None where the endpoint does not count.
        completion_tokens: tokens of the reply (hidden reasoning included), or None.
    """

    text: str
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def flaw(self) -> str | None:
        """Return "truncated", "filtered", "malformed", "too long", "failed" or "empty"; None for a good reply."""
        return _FLAWS.get(self.finish_reason) or (None if self.text.strip() else "empty")


class Text(str):
    """A reply's text that remembers its flaw, so that those who care can tell and the others need not.

    Attributes:
        flaw: as `Reply.flaw`.
    """

    flaw: str | None = None

    def __new__(cls, value: str, flaw: str | None = None) -> "Text":
        text = super().__new__(cls, value)
        text.flaw = flaw
        return text
