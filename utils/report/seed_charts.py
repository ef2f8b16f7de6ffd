"""Charts of means over seeds."""

from collections.abc import Iterator, Sequence

from utils.metrics.statistics import over_seeds
from utils.report.chart import COLOR_COUNT, Chart, Series
from utils.report.groups import Group
from utils.report.runs import Run


def seed_charts(groups: Sequence[Group]) -> list[Chart]:
    """Return the chart of the means over seeds with Student's intervals; its title counts the settings left out."""
    shown = groups[:COLOR_COUNT]
    part = f" (first {len(shown)} of {len(groups)})" if len(shown) < len(groups) else ""
    series = [Series(group.name, list(_validation(group.runs))) for group in shown]
    return [Chart("validation_over_seeds", f"Validation accuracy, mean over seeds{part}", series, limit=1.0)]


def _validation(runs: Sequence[Run]) -> Iterator[tuple[float, ...]]:
    """Yield (round, mean, low, high) for each round that all runs have validated."""
    for records in zip(*(run.results["rounds"] for run in runs), strict=False):
        values = [record["validation"].get("mean", {}).get("value") for record in records]
        if None not in values:
            spread = over_seeds(values)
            yield (records[0]["round"], spread.mean, *(spread.ci95 or ()))
