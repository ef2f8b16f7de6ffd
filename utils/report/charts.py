"""The charts of one run."""

from ..statistics import accuracy
from . import page
from .runs import Run
from .svg import Series, chart


def charts(run: Run) -> list[str]:
    """Every chart, "" for one with nothing to show."""
    rounds = run.results["rounds"]
    steps = [event for event in run.events if event["event"] == "step"]
    return [
        chart("Accuracy, with 95 % intervals", _accuracy(rounds, steps), top=1.0),
        chart(
            "Share of local steps accepted",
            [Series("all clients", [(each["round"], *_accepted(each)) for each in rounds if each["uploads"]])],
            top=1.0,
        ),
        chart(
            "Tokens of the prompts",
            [
                Series("global", [(each["round"], each["prompt_tokens"][0]) for each in rounds]),
                Series(
                    "uploads",
                    [(each["round"], upload["tokens"]) for each in rounds for upload in each["uploads"].values()],
                    joined=False,
                ),
            ],
        ),
        chart("Retention: what a merge kept of additions", _retention(rounds), top=1.0),
        chart("Variance of surprisal (bits²)", _surprisal(run.results.get("complexity", []))),
        _usage_chart(run.results["usage"]),
    ]


def _accuracy(rounds: list, steps: list) -> list[Series]:
    names = [name for name in (rounds[0]["validation"] if rounds else {}) if name != "mean"]
    shown = ["mean", *names] if 1 < len(names) <= 4 else ["mean"]
    series = [
        Series(
            f"validation, global prompt{'' if name == 'mean' else ' on ' + name}",
            [
                (each["round"], each["validation"][name]["value"], *each["validation"][name]["ci95"])
                for each in rounds
                if each["validation"].get(name, {}).get("value") is not None
            ],
        )
        for name in shown
    ]
    before, after = (_pooled(steps, side) for side in ("before", "after"))
    first = rounds[0]["validation"].get("mean") if rounds else None
    if first and first["value"] is not None:
        series.append(
            Series("validation, initial prompt", [(each["round"], first["value"]) for each in rounds], dashed=True)
        )
    return [
        *series,
        Series("clients' batches before", before, joined=False),
        Series("clients' batches after", after, joined=False),
    ]


def _pooled(steps: list, side: str) -> list[tuple]:
    """Accuracy over all minibatches of each round; after a rejected step the prompt answers as before."""
    sums: dict[int, list[float]] = {}
    for step in steps:
        value = step["after"] if side == "after" and step["accepted"] else step["before"]
        right, n = sums.setdefault(step["round"], [0.0, 0])
        sums[step["round"]] = [right + value * step["n"], n + step["n"]]
    return [(number, right / n) for number, (right, n) in sorted(sums.items())]


def _accepted(each: dict) -> tuple[float, ...]:
    steps, kept = (sum(upload[key] for upload in each["uploads"].values()) for key in ("steps", "accepted_steps"))
    estimate = accuracy([1] * kept + [0] * (steps - kept))
    return (estimate.value or 0.0, *estimate.ci95)


def _retention(rounds: list) -> list[Series]:
    found = [(each["round"], each["retention"]) for each in rounds if each.get("retention")]
    return [
        Series(
            "mean over clients", [(number, record["mean"]) for number, record in found if record["mean"] is not None]
        ),
        Series(
            "each client",
            [
                (number, own["rate"])
                for number, record in found
                for own in record["clients"].values()
                if own["rate"] is not None
            ],
            joined=False,
        ),
    ]


def _surprisal(complexity: list) -> list[Series]:
    key = "surprisal_variance"
    return [
        Series(
            "global", [(each["round"], each["prompts"][0][key]) for each in complexity if key in each["prompts"][0]]
        ),
        Series(
            "uploads",
            [(each["round"], own[key]) for each in complexity for own in each["uploads"].values() if key in own],
            joined=False,
        ),
    ]


def _usage_chart(usage: dict) -> str:
    """Calls by role as bars; tokens and cost are in the table."""
    most = max((used["calls"] for used in usage.values()), default=0)
    rows = "".join(
        f'<text x="0" y="{16 + 44 * place}">{page.text(role)}: {used["calls"]:,} calls, '
        f"{used['prompt_tokens'] + used['completion_tokens']:,} tokens</text>"
        f'<rect x="0" y="{22 + 44 * place}" height="14" rx="3" fill="var(--c{place % 6})" '
        f'width="{max(2, 430 * used["calls"] / most):.1f}"/>'
        for place, (role, used) in enumerate(usage.items())
    )
    return (
        (
            f'<figure><figcaption>Calls by role</figcaption><svg viewBox="0 0 440 {44 * len(usage) + 4}" role="img" '
            f'aria-label="Calls by role">{rows}</svg></figure>'
        )
        if most
        else ""
    )
