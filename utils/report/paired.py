"""The paired test of two runs that answered the same test questions."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from utils.metrics.statistics import compare
from utils.report.runs import Run

_MAX_RUNS_FOR_ALL_PAIRS = 6  # with more runs, each is compared only with the first comparable one


def reason_not_comparable(first: Run, second: Run) -> str:
    """Return why two runs cannot be compared question by question; "" if they can."""
    ours, theirs = (
        {task: data["test_id"] for task, data in run.results.get("data", {}).items()} for run in (first, second)
    )
    if not ours or not theirs:
        return "a run of an older version does not name its questions"
    if ours.keys() != theirs.keys():
        return f"different tasks: {', '.join(ours)} and {', '.join(theirs)}"
    if ours != theirs:
        return "different test questions: use the same data, --data_seed and --test_size"
    if first.options["seed"] != second.options["seed"]:
        seeds = f"{first.options['seed']} and {second.options['seed']}"
        return f"different seeds: {seeds}; compare means over --repeats instead"
    return ""


def paired(runs: Sequence[Run], grouped: Collection[Path] = ()) -> Iterator[dict[str, Any]]:
    """Compare the best prompts of each pair of runs on the same test questions.

    Local-only training has one prompt per client; each prompt is compared separately.

    Args:
        runs: to compare.
        grouped: folders of runs that are also compared by means over seeds: pairs with different seeds are left out.

    Yields:
        {"first", "second"} with the names, and `Comparison.as_json()` or {"why_not": reason}.
    """
    for first, second in _pairs(runs, grouped):
        reason = reason_not_comparable(first, second)
        outcomes = [run.correct("best") for run in (first, second)]
        if reason or not all(outcomes):
            reason = reason or "a run has no test score of its best prompt"
            yield {"first": first.name, "second": second.name, "why_not": reason}
            continue
        for (first_client, before), (second_client, after) in itertools.product(*(each.items() for each in outcomes)):
            yield {
                "first": _name(first, outcomes[0], first_client),
                "second": _name(second, outcomes[1], second_client),
                **compare(before, after).as_json(),
            }


def name_of_test(runs: Sequence[Run]) -> str:
    """Return the name of the test that compares the prompts of runs."""
    return "permutation test" if any(run.is_graded for run in runs) else "exact McNemar test"


def as_text(runs: Sequence[Run], grouped: Collection[Path] = ()) -> str:
    """Return the comparisons as lines for the terminal; see `paired`."""
    lines = ["best prompts on the same test questions:"]
    for each in paired(runs, grouped):
        verdict = each.get("verdict") or f"not compared, {each['why_not']}"
        lines.append(f"  {each['second']} against {each['first']}: {verdict}")
    return "\n".join(lines)


def _name(run: Run, outcomes: dict[int, Any], client: int) -> str:
    return run.name + (f", client {client}" if len(outcomes) > 1 else "")


def _pairs(runs: Sequence[Run], grouped: Collection[Path]) -> list[tuple[Run, Run]]:
    if len(runs) <= _MAX_RUNS_FOR_ALL_PAIRS:
        return [
            (first, second)
            for first, second in itertools.combinations(runs, 2)
            if first.options["seed"] == second.options["seed"] or not {first.folder, second.folder} <= set(grouped)
        ]
    partners = (
        (next((first for first in runs[:index] if not reason_not_comparable(first, second)), None), second)
        for index, second in enumerate(runs)
    )
    return [(first, second) for first, second in partners if first is not None]
