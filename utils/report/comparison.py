"""The page of several runs side by side."""

from collections.abc import Sequence
from typing import Any

from utils.metrics.table import COMPARISON, metrics_shown_in
from utils.report.drawing import Drawing
from utils.report.formats import estimate_text, interval_text
from utils.report.pages import render
from utils.report.paired import name_of_test, paired
from utils.report.runs import Run
from utils.report.tables import Table, TitledTable
from utils.run_log.summary import detectable_gain


def comparison_page(
    runs: Sequence[Run], drawings: Sequence[Drawing], title: str, seeds: TitledTable | None = None
) -> str:
    """Return the page of several runs.

    Args:
        runs: at least two.
        drawings: its figures.
        title: of the page.
        seeds: means over seeds, shown first.
    """
    comparisons = list(paired(runs))
    tested = sum("verdict" in each for each in comparisons)
    return render(
        "seeds.html" if seeds else "comparison.html",
        title=title,
        simulated=any(run.results["simulated"] for run in runs),
        seeds=seeds,
        drawings=drawings,
        numbers=_numbers(runs),
        comparisons=_comparisons(comparisons) if tested else None,
        not_compared=list(dict.fromkeys(each["why_not"] for each in comparisons if "why_not" in each)),
        test=name_of_test(runs),
        notes=_notes(runs[0], tested),
        runs=runs,
    )


def _numbers(runs: Sequence[Run]) -> Table:
    metrics = metrics_shown_in(COMPARISON)
    header = ("run", *(metric.heading or metric.label for metric in metrics), "calls")
    rows = [
        (run.name, *(estimate_text(run.metric(metric.key)) for metric in metrics), f"{run.calls:,}") for run in runs
    ]
    return Table(header, rows, (len(header) - 1,))


def _comparisons(comparisons: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (
            each["second"],
            each["first"],
            f"{each['difference']:+.3f}",
            interval_text(each["ci95"], "+"),
            f"{each['p_value']:.3g}",
            each["verdict"],
        )
        if "verdict" in each
        else (each["second"], each["first"], None, None, None, f"not compared: {each['why_not']}")
        for each in comparisons
    ]
    return Table(("run", "against", "difference", "95 % interval", "p", "verdict"), rows, (2, 3, 4))


def _notes(run: Run, tested: int) -> list[str]:
    """Return notes on the power of the tests, and on false positives of many tests."""
    notes = []
    if tested and (detectable := run.results.get("detectable")) and detectable["difference"]:
        notes.append(f"{detectable_gain(detectable).capitalize()}.")
    if tested > 3:
        notes.append(f"Of {tested} tests, one in twenty falls below p = 0.05 by chance alone.")
    return notes
