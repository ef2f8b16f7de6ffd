"""Aggregation: from the prompts that clients upload to the next global prompt.

A method is one file in `methods/`: its name is the file's, and its `merge(uploads, merging)` gets at least two
distinct uploads and returns the new prompt, or raises `BadReply` to fall back. What holds for all methods stands here.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textgrad.engine.base import EngineLM
from textgrad.errors import BadReply, UsageError, unknown
from textgrad.tokens import estimate_tokens
from utils.aggregation import methods
from utils.aggregation.fence import readable
from utils.aggregation.merging import Merging

Method = Callable[[list[str], Merging], str]


def load_methods() -> dict[str, Method]:
    """Every method's `merge` by the method's name."""
    return {
        module.name: importlib.import_module(f"{methods.__name__}.{module.name}").merge
        for module in pkgutil.iter_modules(methods.__path__)
    }


AGGREGATORS = load_methods()


@dataclass(frozen=True)
class Merge:
    """What an aggregation gave, and what it took.

    Attributes:
        prompt: the new prompt.
        calls: requests to the engine, those that were asked again included.
        depth: merges that had to wait for one another; 0 when the engine was not asked.
        fallbacks: in order, what took the place of something unusable: "too_long" (one of several uploads was over the
            budget and left aside), "as_uploaded" (a failed rewrite), "concat" (a failed merge), "left_out" (a failed
            merge whose concatenation was too long), "old_prompt" (nothing could be used).
        distinct: uploads merged, without empty ones and copies.
        tokens_before: of all uploads, estimated.
        tokens_after: of the new prompt, estimated.
    """

    prompt: str
    calls: int
    depth: int
    fallbacks: tuple[str, ...]
    distinct: int
    tokens_before: int
    tokens_after: int


def aggregate(
    method: str,
    uploads: Sequence[str],
    *,
    engine: EngineLM,
    old_prompt: str,
    token_budget: int,
    fan_in: int = 8,
    scorer: Callable[[str], list[float]] | None = None,
    candidates: int = 3,
) -> Merge:
    """Merges what the clients uploaded. Replies that cannot be used cost a fallback, never the run.

    Args:
        method: a name in `AGGREGATORS`.
        uploads: the clients' prompts, in the order of the clients. Empty ones are dropped, copies count once, and a
            single distinct one is returned as it is.
        engine: the evaluation engine.
        old_prompt: kept when nothing can be merged.
        token_budget: most tokens of the new prompt, and of the uploads in one request; >= 1.
        fan_in: most uploads in one request, >= 2.
        scorer: surprisal in bits a token, for methods that choose by it; None where there is none.
        candidates: how many merges such a method draws, >= 1.

    Raises:
        UsageError: an unknown method, a budget or fan-in out of range, or "none", which has nothing to merge.
        StopRun: the engine cannot be used at all.
    """
    if method not in AGGREGATORS:
        raise unknown("aggregate_method", method, AGGREGATORS)
    if token_budget < 1 or fan_in < 2:
        raise UsageError(
            f"a merge needs a token budget of at least 1 and a fan-in of at least 2, not {token_budget} and {fan_in}"
        )
    merging = Merging(engine, token_budget, fan_in, old_prompt, scorer, candidates)
    texts = _admitted(uploads, merging)
    prompt = _merged(AGGREGATORS[method], texts, merging, old_prompt)
    return Merge(
        prompt,
        merging.calls,
        merging.depth,
        tuple(merging.fallbacks),
        len(texts),
        sum(map(estimate_tokens, uploads)),
        estimate_tokens(prompt),
    )


def _admitted(uploads: Sequence[str], merging: Merging) -> list[str]:
    """The distinct uploads that hold something; where there are several, only those that can be merged at all."""
    texts = [text for text in dict.fromkeys(map(readable, uploads)) if text]
    if len(texts) == 1:
        return texts
    admitted = [text for text in texts if estimate_tokens(text) <= merging.token_budget]
    merging.fallbacks += ["too_long"] * (len(texts) - len(admitted))
    return admitted


def _merged(method: Method, texts: list[str], merging: Merging, old_prompt: str) -> str:
    """The method's prompt, else the concatenation, else the old prompt."""
    if len(texts) == 1:
        return texts[0]
    if texts:
        try:
            return method(texts, merging)
        except BadReply:
            pass
        try:
            prompt = merging.concat(texts)
            merging.fallbacks.append("concat")
            return prompt
        except BadReply:
            pass
    merging.fallbacks.append("old_prompt")
    return old_prompt
