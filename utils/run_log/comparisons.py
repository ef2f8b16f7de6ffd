"""The paired comparisons of a run: its best prompt against the initial one, as results.json has them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from utils.federation.evaluation import Score
from utils.federation.result import Scores
from utils.metrics.statistics import compare


def comparisons(tests: Mapping[str, Scores], transfer_engines: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Compare the best prompt with the initial one on the same test questions: over all tasks, then on each.

    If every client has its own prompt, the mean over the clients ("clients": their number) comes before each of them
    ("client": its number).

    Args:
        tests: as in `Result`.
        transfer_engines: engines on which both prompts were tested too.
    """
    found = []
    for engine in ("", *transfer_engines):
        on = f" on {engine}" if engine else ""
        before, after = tests.get(f"initial{on}"), tests.get(f"best{on}")
        if not before or not after:
            continue
        what = f"best prompt against initial prompt{on}"
        for names in _groups(list(after)):
            first = _outcomes(before, names, 0)
            clients = [_outcomes(after, names, client) for client in range(len(after[names[0]]))]
            if not first:
                continue
            task = names[0] if len(names) == 1 else "all tasks"
            if len(clients) > 1:
                mean = compare(first, *clients).as_json()
                found.append({"of": what, "clients": len(clients), "task": task, **mean})
            for client, outcomes in enumerate(clients):
                own = {"client": client} if len(clients) > 1 else {}
                found.append({"of": what, **own, "task": task, **compare(first, outcomes).as_json()})
    return found


def _groups(names: list[str]) -> list[list[str]]:
    """Return all tasks together, then each task alone."""
    return [names, *([name] for name in names)] if len(names) > 1 else [names]


def _outcomes(scores: Mapping[str, Sequence[Score]], names: Iterable[str], client: int) -> dict[tuple[str, int], float]:
    """Return the score of each question of some tasks, under the prompt of a client."""
    outcomes = ((name, index, score) for name in names for index, score in enumerate(scores[name][client].correct))
    return {(name, index): score for name, index, score in outcomes if score is not None}


def comparisons_record(tests: Mapping[str, Scores], transfer_engines: Iterable[str] = ()) -> dict[str, Any]:
    """Return the comparisons under their keys in results.json; the means over clients only if there are any."""
    found = comparisons(tests, transfer_engines)
    means = [each for each in found if "clients" in each]
    single = [each for each in found if "clients" not in each]
    return {"comparisons": single} | ({"mean_comparisons": means} if means else {})


def all_comparisons(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all comparisons in a results.json, the means over clients first."""
    return [*results.get("mean_comparisons", []), *results.get("comparisons", [])]


def main_comparisons(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the comparison that stands for the whole run; one per client if an earlier version stored no mean."""
    found = all_comparisons(results)
    if not found or "client" not in found[0]:
        return found[:1]
    return [each for each in found if (each["of"], each["task"]) == (found[0]["of"], found[0]["task"])]


def whose(comparison: Mapping[str, Any]) -> str:
    """Return whose prompts a comparison is about: "mean over 3 clients", "client 0", or "" for a global prompt."""
    if "clients" in comparison:
        return f"mean over {comparison['clients']} clients"
    return f"client {comparison['client']}" if "client" in comparison else ""
