"""The page of several runs side by side."""

from collections.abc import Sequence
from typing import Any

from utils.metrics.table import COMPARISON, metrics_shown_in
from utils.report.chart import COLOR_COUNT
from utils.report.drawing import Drawing
from utils.report.formats import DASH, estimate_text, interval_text
from utils.report.groups import Group, folders_of
from utils.report.pages import render
from utils.report.paired import name_of_test, paired
from utils.report.runs import Run
from utils.report.settings import SEED, differing_settings, settings_of
from utils.report.tables import Table, TitledTable
from utils.run_log.summary import detectable_gain


def comparison_page(
    runs: Sequence[Run],
    drawings: Sequence[Drawing],
    title: str,
    seeds: TitledTable | None = None,
    several_seeds: Sequence[Group] = (),
) -> str:
    """Return the page of several runs.

    Args:
        runs: at least two.
        drawings: its figures.
        title: of the page.
        seeds: means over seeds, shown first.
        several_seeds: groups among the runs, whose settings are shown once.
    """
    comparisons = list(paired(runs, folders_of(several_seeds)))
    tested = [each for each in comparisons if "verdict" in each]
    differing, equal = differing_settings(_settings(runs, several_seeds))
    return render(
        "comparison.html",
        title=title,
        simulated=any(run.results["simulated"] for run in runs),
        remarks=_remarks(runs),
        seeds=seeds,
        differing=differing,
        equal=equal,
        drawings=drawings,
        omitted=f"The charts over rounds show the first {COLOR_COUNT} of {len(runs)} runs."
        if len(runs) > COLOR_COUNT
        else "",
        numbers=_numbers(runs),
        comparisons=_comparisons(tested),
        not_compared=_not_compared(comparisons),
        test=name_of_test(runs),
        notes=_notes(runs[0], len(tested)),
        runs=runs,
    )


def _settings(runs: Sequence[Run], several_seeds: Sequence[Group]) -> dict[str, dict[str, str]]:
    """Return the settings of each group without its seeds, and of each other run."""
    groups = {group.name: settings_of(group.runs[0]) | {SEED: "several"} for group in several_seeds}
    return groups | {run.name: settings_of(run) for run in runs if run.folder not in folders_of(several_seeds)}


def _remarks(runs: Sequence[Run]) -> list[str]:
    """Return one line for each run that was stopped or lacks a number."""
    remarks = []
    for run in runs:
        stopped = run.results["status"] != "complete"
        missing = [
            metric.heading or metric.label
            for metric in metrics_shown_in(COMPARISON)
            if estimate_text(run.metric(metric.key)) == DASH
        ]
        parts = [f"{run.results['status']}, {run.results['stopped']}"] if stopped else []
        parts += [f"missing {'; '.join(missing)}"] if missing else []
        remarks += [f"{run.name}: {'; '.join(parts)}."] if parts else []
    return remarks


def _numbers(runs: Sequence[Run]) -> Table:
    metrics = metrics_shown_in(COMPARISON)
    header = ("run", *(metric.heading or metric.label for metric in metrics), "calls")
    rows = [
        (run.name, *(estimate_text(run.metric(metric.key)) for metric in metrics), f"{run.calls:,}") for run in runs
    ]
    return Table(header, rows, (len(header) - 1,))


def _comparisons(tested: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (
            each["second"],
            each["first"],
            f"{each['difference']:+.3f}",
            interval_text(each["ci95"], "+"),
            f"{each['p_value']:.3g}",
            each["verdict"],
        )
        for each in tested
    ]
    return Table(("run", "against", "difference", "95 % interval", "p", "verdict"), rows, (2, 3, 4))


def _not_compared(comparisons: Sequence[dict[str, Any]]) -> list[str]:
    """Return one line per reason, with the pairs of runs that it keeps from a test."""
    pairs: dict[str, list[str]] = {}
    for each in comparisons:
        if "why_not" in each:
            pairs.setdefault(each["why_not"], []).append(f"{each['second']} with {each['first']}")
    return [f"{'; '.join(names)}: {reason}" for reason, names in pairs.items()]


def _notes(run: Run, tested: int) -> list[str]:
    """Return notes on the power of the tests, and on false positives of many tests."""
    notes = []
    if tested and (detectable := run.results.get("detectable")) and detectable["difference"]:
        notes.append(f"{detectable_gain(detectable).capitalize()}.")
    if tested > 3:
        notes.append(f"Of {tested} tests, one in twenty falls below p = 0.05 by chance alone.")
    return notes
