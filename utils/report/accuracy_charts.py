"""Charts of the accuracies of one run: validation, test, minibatches, tasks and clients, with 95 % intervals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from utils.metrics.statistics import share_of, total_of
from utils.report.baselines import baselines_of, kind_of
from utils.report.chart import Chart, Series
from utils.report.runs import Run

BEST_ROUND = "best round"
_TESTED = {"initial": "0shot_test_engine_test_acc", "best": "best_test_acc", "last": "last_test_acc"}
_OF_CLIENTS = {
    "best prompt, own validation": "best_prompt_on_own_validation",
    "minibatches before": "batch_accuracy_before",
    "minibatches after": "batch_accuracy_after",
}
_MAX_CLIENTS = 20  # readable in one column of a paper


def accuracy_charts(run: Run) -> list[Chart]:
    """Return the charts; some may be empty. Validation and test also show the baselines beside the run."""
    runs = {f"this run, {kind_of(run.options)}": run}
    runs |= {f"{kind}, {baseline.name}": baseline for kind, baseline in baselines_of(run).items()}
    return [
        Chart(
            "accuracy",
            f"Validation accuracy, 95 % intervals{raced_note(runs.values())}",
            [validation_series(name, each) for name, each in runs.items()],
            "round",
            1.0,
            "validation accuracy",
            reference=_initial(run),
            ring=BEST_ROUND,
        ),
        Chart(
            "test",
            "Test accuracy, 95 % intervals",
            [_test_series(name, each) for name, each in runs.items()],
            "prompt",
            1.0,
            "test accuracy",
            tuple(_TESTED),
        ),
        Chart(
            "tasks",
            f"Accuracy by task, 95 % intervals{raced_note([run])}",
            _tasks(run),
            "round",
            1.0,
            "validation accuracy",
        ),
        Chart("minibatches", "Minibatches, 95 % intervals", _minibatches(run), "round", 1.0, "accuracy"),
        _clients(run.results["clients"]),
    ]


def validation_series(name: str, run: Run) -> Series:
    """Return the mean validation accuracy of the prompts after each round, with the best round as a hollow mark."""
    points = _validation(run, "mean")
    return Series(name, points, rings=[point[:2] for point in points if point[0] == run.results["best_round"]])


def raced_note(runs: Iterable[Run]) -> str:
    """Return the smallest and largest n of raced rounds, for a title; "" without races."""
    validations = [record["validation"].get("mean", {}) for run in runs for record in run.results["rounds"]]
    sizes = [each["n"] for each in validations if "raced_of" in each]
    return f"; raced rounds: n = {min(sizes)} to {max(sizes)}" if sizes else ""


def first_clients(count: int) -> tuple[int, str]:
    """Return how many clients a chart shows, and the label of its x axis."""
    return (count, "client") if count <= _MAX_CLIENTS else (_MAX_CLIENTS, f"client (first {_MAX_CLIENTS} of {count:,})")


def share_point(x: int, count: float, n: int) -> tuple[float, ...]:
    """Return the point of a share of n items, with its interval; a share of no items is 0."""
    estimate = share_of(count / max(1, n), n).as_json()
    return (x, estimate["value"] or 0.0, *estimate["ci95"])


def _point(x: int, estimate: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the point of an estimate as results.json holds it."""
    return (x, estimate["value"], *estimate["ci95"])


def _validation(run: Run, task: str) -> list[tuple[float, ...]]:
    return [
        _point(record["round"], record["validation"][task])
        for record in run.results["rounds"]
        if (record["validation"].get(task) or {}).get("value") is not None
    ]


def _initial(run: Run) -> tuple[str, float] | None:
    """Return the horizontal line of the initial prompt."""
    points = _validation(run, "mean")
    return ("initial prompt", points[0][1]) if points and points[0][0] == 0 else None


def _test_series(name: str, run: Run) -> Series:
    estimates = [(x, run.metric(key)) for x, key in enumerate(_TESTED.values())]
    points = [_point(x, found) for x, found in estimates if found and found["value"] is not None]
    return Series(name, points, joined=False)


def _tasks(run: Run) -> list[Series]:
    """Return one series per task; [] for a single task."""
    tasks = [task for task in run.results["rounds"][0]["validation"] if task != "mean"]
    return [Series(task, _validation(run, task)) for task in tasks] if len(tasks) > 1 else []


def _minibatches(run: Run) -> list[Series]:
    """Return the accuracy over all minibatches by round; after a rejected step it is the accuracy before."""
    before: dict[int, list[tuple[float, int]]] = {}
    after: dict[int, list[tuple[float, int]]] = {}
    for event in run.events:
        if event["event"] == "step":
            last = event["after"] if event["accepted"] else event["before"]
            before.setdefault(event["round"], []).append((event["before"], event["n"]))
            after.setdefault(event["round"], []).append((last, event["n"]))
    return [
        Series(name, [share_point(number, *total_of(pairs)) for number, pairs in sorted(shares.items())], joined=False)
        for name, shares in (("before local steps", before), ("after local steps", after))
    ]


def _clients(clients: Mapping[str, Mapping[str, Any]]) -> Chart:
    """Return the accuracies of each client; an empty chart for a single client."""
    count, label = first_clients(len(clients))
    shown: Sequence = list(clients.items())[:count] if len(clients) > 1 else ()
    series = [
        Series(name, [_point(int(number), row[key]) for number, row in shown if row[key]["n"]], joined=False)
        for name, key in _OF_CLIENTS.items()
    ]
    return Chart("clients", "Accuracy by client, 95 % intervals", series, label, 1.0, "accuracy")
