"""Checks of a merge before it is adopted: what an engine wrote may lose what the clients learned.

The checks compare words and call no engine. The alternative to a merge is the union of lines (`concatenate_fitting`),
so losses that the token budget forces on the union too are no flaw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textgrad.echo import is_echo
from textgrad.tokens import estimate_tokens
from utils.aggregation.concatenation import concatenate_fitting
from utils.aggregation.prompts import JOBS, remark
from utils.metrics.retention import Retention, mean_rate, retention_by_client

_FORMS = [form for job in JOBS for form in (job, job.short) if form]
_INSTRUCTIONS = [text for form in _FORMS for text in (form.system_prompt, form.task, form.plain) if text]


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a merge.

    Attributes:
        reason: a verb phrase with counts after a colon, without text of a prompt, since logs get published.
        lost: the lost instructions; empty if the flaw is another.
    """

    reason: str
    lost: tuple[str, ...] = ()

    def remark(self, prompts: Sequence[str]) -> str:
        """Return the paragraph for a repeated request, with the lost instructions that stand in its prompts."""
        return remark(self.reason, [text for text in self.lost if any(text in prompt for prompt in prompts)])


def find_flaw(
    merged: str, uploads: Sequence[str], broadcast: str, *, min_retention: float, token_budget: int, may_shorten: bool
) -> Flaw | None:
    """Return the first flaw of a merge, or None if it may be adopted.

    Args:
        merged: the prompt that an engine wrote.
        uploads: the distinct merged prompts, at least two.
        broadcast: prompt that the clients started from.
        min_retention: smallest mean retention over the uploads, in [0, 1].
        token_budget: maximum tokens of the union of lines, >= 1.
        may_shorten: True if a shorter text is no flaw, because of the token budget.
    """
    if is_echo(merged, _INSTRUCTIONS, allowed=uploads):
        return Flaw("repeated the instructions of its request")
    kept = _retention(merged, uploads, broadcast)
    copied = _words(merged) in map(_words, uploads)
    if _rate(kept) < min_retention or copied:
        union, _ = concatenate_fitting(uploads, token_budget)
        if _rate(kept) < _rate(_retention(union, uploads, broadcast)):
            what = "copied one prompt and lost instructions of the others" if copied else "lost instructions"
            return _loss(what, kept)
    size, least = estimate_tokens(merged), min(estimate_tokens(broadcast), max(map(estimate_tokens, uploads)))
    if size < least and not may_shorten:
        return Flaw(f"was shorter than the prompt before: {size} of {least} tokens")
    return None


def _retention(merged: str, uploads: Sequence[str], broadcast: str) -> dict[int, Retention]:
    return retention_by_client(dict(enumerate(uploads)), broadcast, merged)


def _rate(retentions: Mapping[int, Retention]) -> float:
    rate = mean_rate(retentions)
    return 1.0 if rate is None else rate


def _loss(what: str, retentions: Mapping[int, Retention]) -> Flaw:
    lost = tuple(dict.fromkeys(text for each in retentions.values() for text in each.lost))
    total = {found.instruction for each in retentions.values() for found in each.fates}
    return Flaw(f"{what}: {len(lost)} of {len(total)}", lost)


def _words(text: str) -> list[str]:
    return text.lower().split()
