"""The results of a run as the table that its end prints."""

from typing import Any

from utils.metrics.table import TERMINAL, find_metric, label_of
from utils.run_log.comparisons import all_comparisons, whose


def results_text(summary: dict[str, Any]) -> str:
    """Return the table of results and the best prompt, as a run prints them at its end."""
    several = len(summary["rounds"][0]["prompts"]) > 1
    name = "best prompts of the clients" if several else "best prompt"
    best = f"{name} (round {summary['best_round']}):\n{summary['prompts']['best']}"
    return f"\n{summary_table(summary)}\n\n{best}"


def summary_table(summary: dict[str, Any]) -> str:
    """Return the results as lines: metrics with interval and n, paired comparisons, usage by role.

    Args:
        summary: the content of results.json.
    """
    lines = [*_metrics(summary["metrics"]), *_comparisons(summary)]
    detectable = summary["detectable"]
    if detectable["difference"]:
        lines.append(detectable_gain(detectable))
    for role, used in summary["usage"].items():
        cost = _cost(used, summary.get("prices", {}).get(role))
        bad_replies = ", ".join(f"{count} {kind}" for kind, count in used["bad_replies"].items()) or "none"
        lines.append(
            f"{role} engine: {used['calls']} calls ({used['requests']} requests), {used['prompt_tokens']} + "
            f"{used['completion_tokens']} tokens{cost}, bad replies: {bad_replies}"
        )
    if unreadable := {task: count for task, count in summary.get("unreadable_verdicts", {}).items() if count}:
        by_task = ", ".join(f"{count} of {task}" for task, count in unreadable.items())
        lines.append(f"verdicts of the judge that could not be read and count as wrong: {by_task}")
    if forecast := summary.get("forecast"):
        counts = [f"{role} {each['calls']} and {each['actual_calls']}" for role, each in forecast.items()]
        lines.append(f"calls, forecast and actual: {', '.join(counts)}")
    if summary["simulated"]:
        lines.append("SIMULATED: replies came from the simulated engine; these numbers say nothing about a real model")
    return "\n".join(lines)


def _cost(used: dict[str, Any], price: dict[str, Any] | None) -> str:
    if not price or not used["dollars"]:
        return ""
    return f", {used['dollars']:.4f} dollars ({price['request']:g}/{price['reply']:g} per million, {price['source']})"


def detectable_gain(detectable: dict[str, Any]) -> str:
    """Return the smallest gain that the test questions can show, in words.

    Args:
        detectable: as `utils.run_log.results.detectable` returns it.
    """
    n, gain = detectable["n"], detectable["difference"]
    if not gain:
        return f"{n} test questions are too few to show any gain in accuracy"
    return f"minimum detectable gain: {gain:.2f} (80 % power, n = {n})"


def _metrics(metrics: dict[str, Any]) -> list[str]:
    rows = {
        label_of(name): estimate
        for name, estimate in metrics.items()
        if (found := find_metric(name)) and TERMINAL in found[0].shown
    }
    width = max(map(len, rows), default=0) + 2
    head = f"{'':<{width}}{'value':>7}  {'95 % interval':>16}  {'n':>5}"
    return [head, *(f"{label:<{width}}{_row(estimate)}" for label, estimate in rows.items())]


def _row(estimate: dict[str, Any]) -> str:
    if not estimate["n"]:
        return f"{'-':>7}  {'-':>16}  {0:>5}"
    low, high = estimate["ci95"]
    return f"{estimate['value']:>7.3f}  {f'{low:.3f} to {high:.3f}':>16}  {estimate['n']:>5}"


def _comparisons(summary: dict[str, Any]) -> list[str]:
    lines = []
    for each in all_comparisons(summary):
        where = [whose(each), each["task"] if len(summary["data"]) > 1 else ""]
        place = f" ({', '.join(filter(None, where))})" if any(where) else ""
        lines.append(f"{each['of']}{place}: {each['verdict']}")
    return lines
