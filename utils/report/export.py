"""Metrics of runs as CSV, as a LaTeX table and as lines for the terminal."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from utils.metrics.communication import communication_values
from utils.metrics.table import LATEX, metrics_shown_in
from utils.report.formats import DASH, estimate_text
from utils.report.runs import Run

_COLUMNS = ("run", "metric", "value", "n", "low", "high")


def metric_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return one row per run and metric: run, metric, value, n, low, high.

    The numbers of messages, tokens and bytes between server and clients follow, without n and interval.
    """
    return [row for run in runs for row in (*_estimate_rows(run), *_communication_rows(run))]


def _estimate_rows(run: Run) -> list[dict[str, Any]]:
    return [
        dict(zip(_COLUMNS, (run.name, name, estimate["value"], estimate["n"], *estimate["ci95"]), strict=True))
        for name, estimate in run.results["metrics"].items()
    ]


def _communication_rows(run: Run) -> list[dict[str, Any]]:
    values = communication_values(run.results["communication"]) if "communication" in run.results else {}
    return [{"run": run.name, "metric": name, "value": value} for name, value in values.items()]


def as_csv(table: Sequence[dict[str, Any]], columns: Sequence[str] = _COLUMNS) -> str:
    """Return rows as CSV.

    Args:
        table: rows, such as those of `metric_rows`.
        columns: keys of each row.
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue()


def as_latex(table: Sequence[dict[str, Any]]) -> str:
    """Return the metrics marked LATEX with their intervals, as a table for the booktabs package.

    Args:
        table: rows as `metric_rows` returns them.
    """
    metrics = metrics_shown_in(LATEX)
    header = " & ".join(["run", *(latex_text(metric.heading or metric.label) for metric in metrics), "$n$"])
    lines = [rf"\begin{{tabular}}{{l{'r' * (len(metrics) + 1)}}}", r"\toprule", rf"{header} \\", r"\midrule"]
    by_name = {(row["run"], row["metric"]): row for row in table}
    for name in dict.fromkeys(row["run"] for row in table):
        cells = [by_name.get((name, metric.key)) for metric in metrics]
        n = cells[-1]["n"] if cells[-1] else 0
        lines.append(f"{' & '.join([latex_text(name), *map(_cell, cells), str(n)])} \\\\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def as_text(runs: Sequence[Run]) -> str:
    """Return the metrics marked LATEX as a table for the terminal."""
    metrics = metrics_shown_in(LATEX)
    width = max(len(run.name) for run in runs)
    lines = ["".join([f"{'run':<{width}}", *(f"  {metric.heading or metric.label:<32}" for metric in metrics)])]
    for run in runs:
        lines.append(
            "".join([f"{run.name:<{width}}", *(f"  {estimate_text(run.metric(metric.key)):<32}" for metric in metrics)])
        )
    return "\n".join(line.rstrip() for line in lines)


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "--"
    return f"{row['value']:.3f} [{row['low']:.2f}, {row['high']:.2f}]"


_LATEX_ESCAPES = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    DASH: "--",
}


def latex_text(text: str) -> str:
    """Return a text with LaTeX's special characters escaped."""
    return "".join(_LATEX_ESCAPES.get(character, character) for character in text)
