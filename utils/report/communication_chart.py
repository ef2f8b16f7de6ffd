"""Accuracy against communication: how many tokens a run sent for the accuracy that it has."""

from collections.abc import Mapping
from typing import Any

from utils.report.chart import Chart, Series
from utils.report.runs import Run


def communication_rows(run: Run) -> list[dict[str, Any]]:
    """Return one row per round: round, tokens, bytes, accuracy, low, high.

    Tokens and bytes are sent by server and clients together, from the start until the end of the round; accuracy is
    that of the global prompt on the validation questions, with its interval. Round 0 is the initial prompt.

    Args:
        run: a finished run. One whose clients share no prompt has no rows.
    """
    if not (record := run.results.get("communication")):
        return []
    sent = {0: (0, 0)} | {
        each["round"]: tuple(
            each["cumulative"][f"down_{unit}"] + each["cumulative"][f"up_{unit}"] for unit in ("tokens", "bytes")
        )
        for each in record["rounds"]
    }
    return [
        {
            "round": each["round"],
            **dict(zip(("tokens", "bytes"), sent[each["round"]], strict=True)),
            "accuracy": mean["value"],
            **dict(zip(("low", "high"), mean["ci95"], strict=True)),
        }
        for each in run.results["rounds"]
        if (mean := each["validation"].get("mean")) and mean["value"] is not None
    ]


def communication_chart(runs: Mapping[str, Run]) -> Chart:
    """Return validation accuracy over the tokens sent so far, one line per run.

    Args:
        runs: by their names in the legend.
    """
    series = [
        Series(
            name,
            [tuple(row[key] for key in ("tokens", "accuracy", "low", "high")) for row in communication_rows(run)],
        )
        for name, run in runs.items()
    ]
    title = "Validation accuracy over communication"
    return Chart("communication", title, series, "tokens sent so far", 1.0, "validation accuracy")
