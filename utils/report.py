"""From results.json to what a person reads: the table on the terminal and the picture of the rounds."""

import io
from typing import Any

from .statistics import Estimate

_ROWS = {
    "0shot_eval_engine_test_acc": "evaluation engine, initial prompt, test",
    "0shot_test_engine_test_acc": "test engine, initial prompt, test",
    "last_test_acc": "test engine, last prompt, test",
    "best_test_acc": "test engine, best prompt, test",
    "0shot_test_engine_validation_acc": "test engine, initial prompt, validation",
    "best_validation_acc": "test engine, best prompt, validation",
    "update_success_rate": "local steps whose rewrite was kept",
}


def table(summary: dict[str, Any]) -> str:
    """The results as lines of text: what, value with its 95 % interval, n.

    Args:
        summary: the content of results.json.
    """
    lines = [f"{'':<44}{'value':>7}  {'95 % interval':>16}  {'n':>5}"]
    for name, estimate in summary["metrics"].items():
        known = [key for key in _ROWS if name.endswith(key)]
        if not known:
            continue
        task = name.removesuffix(known[0]).rstrip("_")
        label = _ROWS[known[0]] + (f" ({task})" if task else "")
        lines.append(f"{label:<44}{_row(estimate)}")
    for role, used in summary["usage"].items():
        lines.append(f"{role} engine: {used['calls']} calls ({used['requests']} requests), {used['prompt_tokens']} + "
                     f"{used['completion_tokens']} tokens, bad replies: {used['bad_replies'] or 'none'}")
    if summary["simulated"]:
        lines.append("SIMULATED: replies came from the simulated engine; these numbers say nothing about any real model")
    return "\n".join(lines)


def _row(estimate: dict[str, Any]) -> str:
    if not estimate["n"]:
        return f"{'-':>7}  {'-':>16}  {0:>5}"
    low, high = estimate["ci95"]
    return f"{estimate['value']:>7.3f}  {f'{low:.3f} to {high:.3f}':>16}  {estimate['n']:>5}"


def curves(summary: dict[str, Any]) -> bytes:
    """A PNG: validation accuracy of the global prompt a round, with its 95 % intervals, and the prompt's length.

    Args:
        summary: the content of results.json.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # imported where used: it takes half a second
    from matplotlib.figure import Figure

    rounds = [each for each in summary["rounds"] if each["validation"]]
    numbers = [each["round"] for each in rounds]
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    names = list(rounds[0]["validation"]) if rounds else []
    for name in names if len(names) > 2 else names[-1:]:  # one task is its own mean
        estimates = [Estimate.from_json(each["validation"][name]) for each in rounds]
        values = [estimate.value for estimate in estimates]
        spread = [[value - estimate.ci95[0] for value, estimate in zip(values, estimates, strict=True)],
                  [estimate.ci95[1] - value for value, estimate in zip(values, estimates, strict=True)]]
        axes.errorbar(numbers, values, yerr=spread, marker="o", capsize=3, label=f"{name} (n = {estimates[0].n})")
    axes.set(xlabel="round", ylabel="validation accuracy, 95 % interval", ylim=(-0.02, 1.02), xticks=numbers,
             title="simulated engine" if summary["simulated"] else "global prompt")
    if names:
        axes.legend(loc="best", fontsize="small")
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()
