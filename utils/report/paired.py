"""The paired test of two runs, made only if both answered the same test questions."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from utils.metrics.statistics import compare
from utils.report.runs import Run

_ALL_PAIRS = 6  # with more runs, each is compared with the first run only that has the same questions


def reason_not_comparable(first: Run, second: Run) -> str:
    """Return why two runs cannot be compared question by question; "" if they can."""
    tests = [{task: about["test_id"] for task, about in run.results.get("data", {}).items()} for run in (first, second)]
    if not all(tests):
        return "a run of an older version does not name its questions"
    if tests[0].keys() != tests[1].keys():
        return f"different tasks: {', '.join(tests[0])} and {', '.join(tests[1])}"
    if tests[0] != tests[1]:
        return "different test questions: use the same data, --data_seed and --test_size"
    if first.options["seed"] != second.options["seed"]:
        seeds = f"{first.options['seed']} and {second.options['seed']}"
        return f"different seeds: {seeds}; compare means over --repeats instead"
    return ""


def paired(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """Compare the best prompts of each pair of runs on the same test questions.

    Local-only training has one prompt per client: each is compared on its own.

    Yields:
        {"first", "second"} with the names, and `Comparison.as_json()` or {"why_not": reason}.
    """
    for first, second in _pairs(runs):
        reason = reason_not_comparable(first, second)
        sides = [run.correct("best") for run in (first, second)]
        if reason or not all(sides):
            reason = reason or "a run has no test score of its best prompt"
            yield {"first": first.name, "second": second.name, "why_not": reason}
            continue
        for (one, before), (other, after) in itertools.product(sides[0].items(), sides[1].items()):
            yield {
                "first": _name(first, sides[0], one),
                "second": _name(second, sides[1], other),
                **compare(before, after).as_json(),
            }


def as_text(runs: Sequence[Run]) -> str:
    """Return the comparisons as lines for the terminal."""
    lines = ["best prompts on the same test questions:"]
    for each in paired(runs):
        verdict = each.get("verdict") or f"not compared, {each['why_not']}"
        lines.append(f"  {each['second']} against {each['first']}: {verdict}")
    return "\n".join(lines)


def _name(run: Run, sides: dict[int, Any], client: int) -> str:
    return run.name + (f", client {client}" if len(sides) > 1 else "")


def _pairs(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    if len(runs) <= _ALL_PAIRS:
        return [pair for pair in itertools.combinations(runs, 2) if not _differ_in_seed_only(*pair)]
    partners = (
        (next((first for first in runs[:place] if not reason_not_comparable(first, second)), None), second)
        for place, second in enumerate(runs)
    )
    return [(first, second) for first, second in partners if first is not None]


def _differ_in_seed_only(first: Run, second: Run) -> bool:
    """Whether two runs of groups have different seeds; `groups` compares groups seed by seed."""
    return bool(first.group and second.group) and first.options["seed"] != second.options["seed"]
