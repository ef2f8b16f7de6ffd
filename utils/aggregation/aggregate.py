"""Run one aggregation, with fallbacks, and count its cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textgrad.discovery import load
from textgrad.errors import BadReply
from textgrad.tokens import check_length, estimate_tokens
from utils.aggregation.client_scores import ClientScores
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.fallbacks import Fallback
from utils.aggregation.merge_checks import find_flaw
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload, distinct_uploads, printable_uploads

Aggregator = Callable[[Sequence[Upload], Merging], str]


@dataclass(frozen=True)
class Merge:
    """Result and cost of one aggregation.

    Attributes:
        prompt: the new prompt.
        calls: requests to the engine, including repeated ones.
        depth: length of the longest chain of dependent requests; 0 without requests.
        fallbacks: replacements for unusable uploads and replies, in order.
        flaws: why merges of these uploads were not adopted, in order; see `utils.aggregation.merge_checks`.
        contradictions: between uploads, with what was kept.
        left_out: reason for each client whose upload is not part of the new prompt.
        distinct: number of merged uploads, without empty uploads and, unless the merge is plain, duplicates.
        tokens_before: estimated tokens of all uploads.
        tokens_after: estimated tokens of the new prompt.
        client_scores: answers of the clients to each different set of candidates, in order.
    """

    prompt: str
    calls: int
    depth: int
    fallbacks: tuple[Fallback, ...]
    flaws: tuple[str, ...]
    contradictions: tuple[Contradiction, ...]
    left_out: dict[int, str]
    distinct: int
    tokens_before: int
    tokens_after: int
    client_scores: tuple[ClientScores, ...] = ()


def aggregate(method: str, uploads: Sequence[Upload], merging: Merging) -> Merge:
    """Merge the prompts of a round. An unusable reply or a flawed merge leads to a fallback and never stops the run.

    Args:
        method: name of a file in `utils/aggregation/methods/`.
        uploads: one per client, in the order of clients. Empty prompts and those above the token budget are dropped,
            equal ones become one upload with a count unless the merge is plain, and a single one is returned unchanged.
        merging: tools for the aggregator, with its counters at zero.

    Returns:
        A prompt within the token budget, whatever the aggregator does, unless the broadcast prompt is above it.

    Raises:
        UsageError: unknown method, or "none", which has nothing to merge.
        StopRun: the engine cannot be used at all.
    """
    aggregator = load("utils.aggregation.methods", method, "aggregator").merge
    admitted = _admit((printable_uploads if merging.plain else distinct_uploads)(uploads), merging)
    prompt = _merge_or_fall_back(aggregator, admitted, merging)
    return Merge(
        prompt=prompt,
        calls=merging.calls,
        depth=merging.depth,
        fallbacks=tuple(merging.fallbacks),
        flaws=tuple(flaw.reason for flaw in merging.flaws),
        contradictions=tuple(merging.contradictions),
        left_out=_left_out(printable_uploads(uploads), merging),
        distinct=len(admitted),
        tokens_before=sum(estimate_tokens(upload.prompt) for upload in uploads),
        tokens_after=estimate_tokens(prompt),
        client_scores=tuple({scores.prompts: scores for scores in merging.client_scores}.values()),
    )


def _admit(uploads: list[Upload], merging: Merging) -> list[Upload]:
    """Drop uploads above the token budget."""
    admitted = [upload for upload in uploads if estimate_tokens(upload.prompt) <= merging.token_budget]
    merging.fallbacks += [Fallback.TOO_LONG] * (len(uploads) - len(admitted))
    return admitted


def _left_out(uploads: Sequence[Upload], merging: Merging) -> dict[int, str]:
    """Return the reason for each client whose upload is not part of the new prompt."""
    too_long = {
        upload.prompt: "it is longer than the token budget"
        for upload in uploads
        if estimate_tokens(upload.prompt) > merging.token_budget
    }
    reasons = too_long | merging.left_out
    return {upload.client: reasons[upload.prompt] for upload in uploads if upload.prompt in reasons}


def _merge_or_fall_back(aggregator: Aggregator, uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the aggregator's prompt, else the concatenation of what fits, else the broadcast prompt."""
    if len(uploads) == 1:
        return uploads[0].prompt
    if uploads:
        try:
            return _unflawed_merge(aggregator, uploads, merging)
        except BadReply:
            merging.fallbacks.append(Fallback.CONCAT)
            return merging.concat_fitting(_merged(uploads, merging))
    merging.fallbacks.append(Fallback.OLD_PROMPT)
    return merging.broadcast


def _unflawed_merge(aggregator: Aggregator, uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the aggregator's prompt. A flawed one is asked for again once, with a remark in every request.

    A merge without calls is adopted as it is: it would be the same again.

    Raises:
        BadReply: the aggregator failed, or both merges were flawed.
    """
    prompt = check_length(aggregator(uploads, merging), merging.token_budget)
    if not _is_flawed(prompt, uploads, merging):
        return prompt
    merging.fallbacks.append(Fallback.ASKED_AGAIN)
    merging.contradictions.clear()
    merging.left_out.clear()
    prompt = check_length(aggregator(uploads, merging), merging.token_budget)
    if not _is_flawed(prompt, uploads, merging):
        return prompt
    raise BadReply(f"the merge {merging.flaws[-1].reason}")


def _merged(uploads: Sequence[Upload], merging: Merging) -> list[str]:
    """Return the prompts that the aggregator did not leave out."""
    return [upload.prompt for upload in uploads if upload.prompt not in merging.left_out]


def _is_flawed(prompt: str, uploads: Sequence[Upload], merging: Merging) -> bool:
    if not merging.calls or not merging.min_retention:
        return False
    flaw = find_flaw(
        prompt,
        _merged(uploads, merging),
        merging.broadcast,
        min_retention=merging.min_retention,
        token_budget=merging.token_budget,
        may_shorten=merging.shortened or Fallback.LEFT_OUT in merging.fallbacks,
    )
    merging.flaws += [flaw] if flaw else []
    return flaw is not None
