"""The outcome of a run in one sentence."""

from typing import Any

from utils.metrics.paired import SIGNIFICANCE, p_text
from utils.run_log.comparisons import main_comparisons


def verdict_sentence(summary: dict[str, Any]) -> str:
    """Return whether the best prompt beats the initial one, or "" without test scores of both.

    Args:
        summary: the content of results.json.
    """
    comparisons = main_comparisons(summary)
    if len(comparisons) != 1:
        return ""
    comparison = comparisons[0]
    if summary["best_round"] == 0:
        return "no prompt was better than the initial one on validation"
    several = "clients" in comparison
    best = f"the {'best prompts of the clients' if several else 'best prompt'} (round {summary['best_round']})"
    numbers = f"{_accuracies(summary, comparison)}{p_text(comparison['p_value'])}, n = {comparison['n']}"
    if comparison["p_value"] > SIGNIFICANCE:
        return f"the difference between {best} and the initial one is not distinguishable from noise: {numbers}"
    if comparison["difference"] < 0:
        return f"{best} {'are' if several else 'is'} worse than the initial one: {numbers}"
    return f"{best} {'beat' if several else 'beats'} the initial one: {numbers}"


def _accuracies(summary: dict[str, Any], comparison: dict[str, Any]) -> str:
    """Return both accuracies over all questions that were compared, or "" if an earlier version stored none by task."""
    after, before = (_pooled(summary, key, comparison["n"]) for key in ("best_test_acc", "0shot_test_engine_test_acc"))
    return "" if after is None or before is None else f"{after:.3f} against {before:.3f}, "


def _pooled(summary: dict[str, Any], key: str, n: int) -> float | None:
    """Return the accuracy over the questions of all tasks, which differs from the mean over tasks of unequal size."""
    estimates = [each[key] for each in summary.get("metrics_by_task", {}).values() if key in each]
    estimates = [each for each in estimates if each["n"]]
    if sum(each["n"] for each in estimates) != n:
        return None
    return sum(each["value"] * each["n"] for each in estimates) / n
