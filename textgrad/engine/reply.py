"""Sampling parameters, replies, and what may be wrong with a reply."""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Flaw(StrEnum):
    """What is wrong with a reply."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    FILTERED = "filtered"
    UNFINISHED = "unfinished"
    MALFORMED = "malformed"
    TOO_LONG = "too long"
    FAILED = "failed"


def _reasons(flaw: Flaw | None, names: str) -> dict[str, Flaw | None]:
    return dict.fromkeys(names.split(), flaw)


# Finish reasons of all providers. A reason that is not listed means that the reply is unfinished.
_FINISH_REASONS: dict[str, Flaw | None] = {
    "": None,  # the endpoint does not say
    **_reasons(None, "stop stopped stop_sequence stop_string stop_token eos eos_token eos_found end endoftext"),
    **_reasons(None, "end_turn end_of_text end_of_turn complete completed finish finished done success normal"),
    **_reasons(Flaw.TRUNCATED, "length max_length model_length max_tokens maximum_tokens max_new_tokens token_limit"),
    **_reasons(Flaw.TRUNCATED, "max_output_tokens max_completion_tokens model_context_window_exceeded context_length"),
    **_reasons(Flaw.TRUNCATED, "error_limit limit truncated incomplete"),
    **_reasons(Flaw.FILTERED, "content_filter content_filtered filtered safety refusal recitation blocklist blocked"),
    **_reasons(Flaw.FILTERED, "prohibited_content spii sensitive error_toxic guardrail_intervened moderation"),
}
_OWN_REASONS = {"malformed": Flaw.MALFORMED, "context": Flaw.TOO_LONG, "failed": Flaw.FAILED}  # set by this program
_LONGEST_REASON = 60  # characters


def reported_reason(reported: object) -> str:
    """Return an endpoint's finish reason as it is stored: lower case, with underscores; "" if there is none."""
    text = "" if reported is None else str(reported).strip()
    name = re.sub(r"\W+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", text)).strip("_").lower()
    name = name.removeprefix("finish_reason_")[:_LONGEST_REASON] or ("unknown" if text else "")
    return f"endpoint_{name}" if name in _OWN_REASONS else name


def find_flaw(text: str, finish_reason: str) -> Flaw | None:
    """Return what is wrong with a reply, or None if it is complete. Every reply passes this function.

    A reply is complete if it has text and its finish reason is known to mean that, or is missing.
    """
    flaw = _OWN_REASONS.get(finish_reason) or _FINISH_REASONS.get(reported_reason(finish_reason), Flaw.UNFINISHED)
    return flaw or (None if text.strip() else Flaw.EMPTY)


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
        finish_reason: as the endpoint reports it, in lower case; "malformed" if the response was not a completion,
            "context" if the request exceeded the model's context, "failed" if all retries failed.
        prompt_tokens: tokens of the request; None if the endpoint does not count them.
        completion_tokens: tokens of the reply, with hidden reasoning, or None.
        remarks: what the user should know about the endpoint, one line each; not stored.
    """

    text: str
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def flaw(self) -> Flaw | None:
        """What is wrong with the reply, or None."""
        return find_flaw(self.text, self.finish_reason)

    @property
    def should_be_repeated(self) -> bool:
        """True if the same request should be sent once more, as its next reply may be complete."""
        return self.flaw in (Flaw.EMPTY, Flaw.FILTERED, Flaw.UNFINISHED, Flaw.MALFORMED)


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
