"""Charts of means over seeds."""

from collections.abc import Iterator, Sequence

from utils.metrics.statistics import over_seeds
from utils.report.chart import Chart, Series
from utils.report.groups import Group
from utils.report.runs import Run


def seed_charts(groups: Sequence[Group]) -> list[Chart]:
    """Return the chart of the means over seeds with Student's intervals."""
    series = [Series(group.name, list(_validation(group.runs))) for group in groups]
    title = "Validation accuracy, mean over seeds"
    return [Chart("validation_over_seeds", title, series, "round", 1.0, "validation accuracy")]


def _validation(runs: Sequence[Run]) -> Iterator[tuple[float, ...]]:
    """Yield (round, mean, low, high) for each round that all runs have validated."""
    for records in zip(*(run.results["rounds"] for run in runs), strict=False):
        values = [record["validation"].get("mean", {}).get("value") for record in records]
        if None not in values:
            spread = over_seeds(values)
            yield (records[0]["round"], spread.mean, *(spread.ci95 or ()))
