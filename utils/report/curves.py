"""curves.png: a run at a glance, for slides and papers."""

import io
from typing import Any


def curves(summary: dict[str, Any]) -> bytes:
    """A PNG of four panels: validation accuracy with 95 % intervals, acceptance, prompt tokens, retention.

    Args:
        summary: the content of results.json.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # imported where used: it takes half a second
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    (accuracy, acceptance), (tokens, kept) = figure.subplots(2, 2)
    rounds = summary["rounds"]
    _accuracy(accuracy, rounds)
    asked = [each for each in rounds if each["uploads"]]
    acceptance.plot([each["round"] for each in asked], [_share_accepted(each) for each in asked], marker="o")
    acceptance.set(title="local steps accepted", ylim=(-0.02, 1.02))
    tokens.plot(
        [each["round"] for each in rounds], [each["prompt_tokens"][0] for each in rounds], marker="o", label="global"
    )
    uploads = [(each["round"], upload["tokens"]) for each in rounds for upload in each["uploads"].values()]
    tokens.scatter(
        [number for number, _ in uploads], [count for _, count in uploads], s=12, color="C1", label="uploads"
    )
    tokens.set(title="prompt tokens (estimated)")
    tokens.set_ylim(bottom=0)
    tokens.legend(fontsize="x-small")
    known = [
        (each["round"], each["retention"]["mean"])
        for each in rounds
        if each.get("retention") and each["retention"]["mean"] is not None
    ]
    kept.plot([number for number, _ in known], [rate for _, rate in known], marker="o", color="C2")
    kept.set(title="retention (mean over clients)", ylim=(-0.02, 1.02))
    for axes in (accuracy, acceptance, tokens, kept):
        axes.set(xlabel="round", xticks=[each["round"] for each in rounds][:: max(1, len(rounds) // 10)])
        axes.grid(alpha=0.3)
    if summary["simulated"]:
        figure.suptitle("SIMULATED", fontsize="small", color="firebrick")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()


def _accuracy(axes, rounds: list) -> None:
    scored = [each for each in rounds if each["validation"] and each["validation"]["mean"]["value"] is not None]
    names = list(scored[0]["validation"]) if scored else []
    for name in names if len(names) > 2 else names[-1:]:  # one task is its own mean
        estimates = [each["validation"][name] for each in scored]
        values = [estimate["value"] for estimate in estimates]
        spread = [
            [max(0.0, value - estimate["ci95"][0]) for value, estimate in zip(values, estimates, strict=True)],
            [max(0.0, estimate["ci95"][1] - value) for value, estimate in zip(values, estimates, strict=True)],
        ]
        axes.errorbar(
            [each["round"] for each in scored],
            values,
            yerr=spread,
            marker="o",
            capsize=3,
            label=f"{name} (n = {estimates[0]['n']})",
        )
    if scored:
        axes.axhline(
            scored[0]["validation"]["mean"]["value"], linestyle="--", linewidth=1, color="grey", label="initial"
        )
        axes.legend(loc="best", fontsize="x-small")
    axes.set(title="validation accuracy, 95 % interval", ylim=(-0.02, 1.02))


def _share_accepted(each: dict) -> float:
    steps = sum(upload["steps"] for upload in each["uploads"].values())
    return sum(upload["accepted_steps"] for upload in each["uploads"].values()) / steps if steps else 0.0
