"""The results of a run as its end prints them."""

import datetime
from collections.abc import Iterable
from typing import Any

from utils.metrics.table import TERMINAL, find_metric, label_of
from utils.run_log.comparisons import all_comparisons, whose
from utils.run_log.problems import problems
from utils.run_log.verdict import verdict_sentence

_MAX_CLIENTS = 8  # in the table, with --personal_layer


def results_text(summary: dict[str, Any]) -> str:
    """Return the results and the best prompt, as a run prints them at its end."""
    several = len(summary["rounds"][0]["prompts"]) > 1
    name = "best prompts of the clients" if several else "best prompt"
    best = f"{name} (round {summary['best_round']}):\n{summary['prompts']['best']}"
    return "\n".join(["", *_outcome(summary), "", best, *_costs(summary)])


def summary_table(summary: dict[str, Any]) -> str:
    """Return the results as lines: test accuracies, verdict, what went wrong, calls, cost and time.

    Args:
        summary: the content of results.json.
    """
    return "\n".join([*_outcome(summary), *_costs(summary)])


def _outcome(summary: dict[str, Any]) -> list[str]:
    lines = [*_table(_metrics(summary["metrics"]) | _personal(summary["clients"])), *_verdicts(summary)]
    if summary["detectable"]["difference"]:
        lines.append(detectable_gain(summary["detectable"]))
    if summary["simulated"]:
        lines.append("SIMULATED: replies came from the simulated engine; these numbers say nothing about a real model")
    return lines


def _costs(summary: dict[str, Any]) -> list[str]:
    wrong = problems(summary)
    return [*(["", "what went wrong:", *(f"  {line}" for line in wrong)] if wrong else []), "", *_usage(summary)]


def usage_text(usage: Iterable[dict[str, Any]]) -> str:
    """Return calls and cost, such as "229 calls (117 from cache); $0.0123"; no cost if it is zero or unknown.

    Args:
        usage: by role, as `utils.run_log.results.usage_of` returns it.
    """
    usage = list(usage)
    requests = sum(used["requests"] for used in usage)
    cached = requests - sum(used["calls"] for used in usage)
    return f"{requests:,} calls ({cached:,} from cache)" + _cost([used.get("dollars") for used in usage])


def _cost(dollars: list[float | None]) -> str:
    known = [amount for amount in dollars if amount is not None]
    total = sum(known, 0.0)
    return f"; ${total:.4f}" if total and len(known) == len(dollars) else ""


def detectable_gain(detectable: dict[str, Any]) -> str:
    """Return the smallest gain that the test questions can show, in words.

    Args:
        detectable: as `utils.run_log.results.detectable` returns it.
    """
    n, gain = detectable["n"], detectable["difference"]
    if not gain:
        return f"{n} test questions are too few to show any gain in accuracy"
    return f"minimum detectable gain: {gain:.2f} (80 % power, n = {n})"


def _metrics(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the estimates of the terminal's table, by label."""
    return {
        label_of(name): estimate
        for name, estimate in metrics.items()
        if (found := find_metric(name)) and TERMINAL in found[0].shown
    }


def _personal(clients: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the first clients' results of --personal_layer, by label."""
    return {
        f"client {number}, {prompt}, own {split}": row[f"{key}_prompt_on_own_{name}"]
        for number, row in list(clients.items())[:_MAX_CLIENTS]
        if "personal_prompt_on_own_test" in row
        for split, name in (("validation", "validation"), ("tasks, test", "test"))
        for key, prompt in (("last", "last prompt"), ("personal", "last prompt with its own section"))
    }


def _table(rows: dict[str, dict[str, Any]]) -> list[str]:
    width = max(map(len, rows), default=0) + 2
    head = f"{'':<{width}}{'value':>7}  {'95 % interval':>16}  {'n':>5}"
    return [head, *(f"{label:<{width}}{_row(estimate)}" for label, estimate in rows.items())]


def _row(estimate: dict[str, Any]) -> str:
    if not estimate["n"]:
        return f"{'-':>7}  {'-':>16}  {0:>5}"
    low, high = estimate["ci95"]
    return f"{estimate['value']:>7.3f}  {f'{low:.3f} to {high:.3f}':>16}  {estimate['n']:>5}"


def _verdicts(summary: dict[str, Any]) -> list[str]:
    """Return the sentence about the whole run, then one line per task, client or engine."""
    sentence = verdict_sentence(summary)
    lines = [sentence] if sentence else []
    for each in all_comparisons(summary)[len(lines) :]:
        where = [whose(each), each["task"] if len(summary["data"]) > 1 else ""]
        place = f" ({', '.join(filter(None, where))})" if any(where) else ""
        lines.append(f"{each['of']}{place}: {each['verdict']}")
    return lines


def _usage(summary: dict[str, Any]) -> list[str]:
    """Return calls, tokens and cost by role, then their sum and the time."""
    lines = []
    for role, used in summary["usage"].items():
        tokens = f"{used['prompt_tokens']:,} + {used['completion_tokens']:,} tokens"
        price = summary.get("prices", {}).get(role)
        source = f" ({price['request']:g}/{price['reply']:g} per million, {price['source']})" if price else ""
        cost = _cost([used.get("dollars")])
        lines.append(f"{role} engine: {usage_text([{**used, 'dollars': None}])}, {tokens}{cost and cost + source}")
    if forecast := summary.get("forecast"):
        counts = [f"{role} {each['calls']} and {each['actual_calls']}" for role, each in forecast.items()]
        lines.append(f"calls not from cache, forecast and actual: {', '.join(counts)}")
    time = f"; time {datetime.timedelta(seconds=round(summary['seconds']))}" if "seconds" in summary else ""
    return [*lines, f"in all: {usage_text(summary['usage'].values())}{time}"]
