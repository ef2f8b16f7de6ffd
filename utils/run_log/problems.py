"""What went wrong in a run that ended, in one line each."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

_FIXES = {"truncated": "raise --max_tokens", "too long": "shorten the prompt or raise the server's context"}


def problems(summary: dict[str, Any]) -> list[str]:
    """Return the bad replies, steps without a rewrite, missing uploads and scores, and merges not adopted.

    Args:
        summary: the content of results.json.

    Returns:
        One line each; [] if there are none.
    """
    rounds = summary["rounds"][1:]
    return [
        *_bad_replies(summary["usage"]),
        *_failed_steps(rounds),
        *_missing_uploads(rounds),
        *_missing_scores(rounds),
        *_merges(rounds),
        *(
            f"verdicts of the judge that could not be read and count as wrong: {count} of {task}"
            for task, count in summary.get("unreadable_verdicts", {}).items()
            if count
        ),
    ]


def _bad_replies(usage: dict[str, Any]) -> Iterable[str]:
    for role, used in usage.items():
        if kinds := Counter(used["bad_replies"]):
            fixes = [fix for kind, fix in _FIXES.items() if kind in kinds]
            count = _share(kinds.total(), used["calls"])
            yield "; ".join([f"bad replies of the {role} engine: {count}: {_counts(kinds)}", *fixes])


def _failed_steps(rounds: list[dict[str, Any]]) -> Iterable[str]:
    kinds: Counter[str] = Counter()
    for each in rounds:
        kinds.update(each.get("bad_reply_kinds", {}))
    if kinds:
        steps = sum(sum(each["steps"].values()) for each in rounds)
        yield f"local steps without a usable rewrite: {_share(kinds.total(), steps)}: {_counts(kinds)}"


def _missing_uploads(rounds: list[dict[str, Any]]) -> Iterable[str]:
    reasons = Counter(reason.partition(":")[0] for each in rounds for reason in each["dropped"].values())
    if reasons:
        sampled = sum(len(each["sampled"]) for each in rounds)
        yield f"missing uploads: {_share(reasons.total(), sampled)}: {_counts(reasons)}"


def _missing_scores(rounds: list[dict[str, Any]]) -> Iterable[str]:
    asked = [scores for each in rounds for scores in (each["merge"] or {}).get("client_scores", ())]
    missing = Counter(client for scores in asked for client in scores["missing"])
    for client, count in sorted(missing.items(), key=lambda item: int(item[0])):
        reasons = Counter(scores["missing"][client] for scores in asked if client in scores["missing"])
        yield f"candidates that client {client} did not score: {_share(count, len(asked))}: {_counts(reasons)}"


def _merges(rounds: list[dict[str, Any]]) -> Iterable[str]:
    fallbacks = Counter(name for each in rounds if each["merge"] for name in each["merge"]["fallbacks"])
    if fallbacks:
        yield f"fallbacks of merges: {_counts(fallbacks)}"
    for each in rounds:
        if each["kept_old"]:
            yield f"merge of round {each['round']} not adopted: {each['kept_old']}"


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count / max(1, total):.0%})"


def _counts(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
