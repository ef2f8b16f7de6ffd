"""Several runs side by side: their numbers, and the paired test where they answered the same questions."""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from utils.metrics.statistics import compare
from utils.report import page
from utils.report.drawing import Drawing
from utils.report.runs import Run

_METRICS = (
    "0shot_test_engine_test_acc",
    "best_test_acc",
    "last_test_acc",
    "best_validation_acc",
    "update_success_rate",
)
_ALL_PAIRS = 6  # runs; of more than so many, each is compared with the first alone that it can be compared with


def why_not(first: Run, second: Run) -> str:
    """Why two runs cannot be compared question by question, or ""."""
    tests = [{task: about["test_id"] for task, about in run.results.get("data", {}).items()} for run in (first, second)]
    if not all(tests):
        return "a run of an older version: its questions are not known"
    if tests[0].keys() != tests[1].keys():
        return f"other tasks: {', '.join(tests[0])} and {', '.join(tests[1])}"
    if tests[0] != tests[1]:
        return "other test questions: use the same data, --data_seed and --test_size"
    if first.options["seed"] != second.options["seed"]:
        return (
            f"other seeds: {first.options['seed']} and {second.options['seed']}; compare means over --repeats instead"
        )
    return ""


def paired(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """For each pair of runs the comparison of their best prompts on the same test questions, or why there is none.

    Local-only training has a prompt a client: each is compared on its own.
    """
    for first, second in _pairs(runs):
        reason = why_not(first, second)
        sides = [run.correct("best") for run in (first, second)]
        if reason or not all(sides):
            yield {
                "first": first.name,
                "second": second.name,
                "why_not": reason or "a run has no test score of its best prompt",
            }
            continue
        for (one, before), (other, after) in itertools.product(sides[0].items(), sides[1].items()):
            names = [
                run.name + (f", client {client}" if len(side) > 1 else "")
                for run, side, client in ((first, sides[0], one), (second, sides[1], other))
            ]
            yield {"first": names[0], "second": names[1], **compare(before, after).as_json()}


def _pairs(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    if len(runs) <= _ALL_PAIRS:
        return [pair for pair in itertools.combinations(runs, 2) if not _only_seeds(*pair)]
    partners = (
        (next((first for first in runs[:place] if not why_not(first, second)), None), second)
        for place, second in enumerate(runs)
    )
    return [(first, second) for first, second in partners if first is not None]


def _only_seeds(first: Run, second: Run) -> bool:
    """Whether two runs of settings with several seeds differ in their seeds, which `groups` compares."""
    return bool(first.group and second.group) and first.options["seed"] != second.options["seed"]


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One row a run and metric: run, metric, value, n, low, high."""
    return [
        {
            "run": run.name,
            "metric": name,
            "value": estimate["value"],
            "n": estimate["n"],
            "low": estimate["ci95"][0],
            "high": estimate["ci95"][1],
        }
        for run in runs
        for name, estimate in run.results["metrics"].items()
    ]


def as_csv(table: Sequence[dict[str, Any]]) -> str:
    """All numbers, given as `rows` gives them."""
    file = io.StringIO()
    writer = csv.DictWriter(file, ["run", "metric", "value", "n", "low", "high"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue()


def as_latex(table: Sequence[dict[str, Any]]) -> str:
    """A table for a paper, for the booktabs package: test accuracy with its interval.

    Args:
        table: as `rows` gives it.
    """
    lines = [r"\begin{tabular}{lrrr}", r"\toprule", r"run & initial & best & $n$ \\", r"\midrule"]
    found = {(row["run"], row["metric"]): row for row in table}
    for name in dict.fromkeys(row["run"] for row in table):
        initial, best = (found.get((name, metric)) for metric in _METRICS[:2])
        lines.append(f"{_latex(name)} & {_cell(initial)} & {_cell(best)} & {best['n'] if best else 0} \\\\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _cell(row: dict[str, Any] | None) -> str:
    return "--" if row is None or row["value"] is None else f"{row['value']:.3f} [{row['low']:.2f}, {row['high']:.2f}]"


_SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _latex(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)


def as_text(runs: Sequence[Run]) -> str:
    """Lines for the terminal."""
    width = max(len(run.name) for run in runs)
    lines = [f"{'run':<{width}}  {'initial, test':<32}  best, test"]
    for run in runs:
        initial, best = (page.share(run.results["metrics"].get(name)) for name in _METRICS[:2])
        lines.append(f"{run.name:<{width}}  {initial:<32}  {best}")
    lines += ["", "best prompts on the same test questions:"]
    lines += [
        f"  {each['second']} against {each['first']}: {each.get('verdict') or 'not compared, ' + each['why_not']}"
        for each in paired(runs)
    ]
    return "\n".join(lines)


def comparison(runs: Sequence[Run], drawings: Sequence[Drawing], title: str, above: str = "") -> str:
    """The page of several runs.

    Args:
        runs: at least two.
        drawings: its figures.
        title: of the page.
        above: HTML before the tables.
    """
    simulated = any(run.results["simulated"] for run in runs)
    note = '<p><span class="badge warn">SIMULATED: says nothing about any real model</span></p>' if simulated else ""
    prompts = [
        page.folded(page.text(run.name), f"<pre>{page.text(run.results['prompts']['best'])}</pre>") for run in runs
    ]
    return page.page(
        title,
        "".join(
            [
                f"<h1>{page.text(title)}</h1>{note}",
                above,
                page.section("Figures", '<div class="charts">', *map(page.figure, drawings), "</div>"),
                page.section("Numbers", _numbers(runs)),
                page.section("Best prompts on the same test questions (exact McNemar test)", _tests(runs)),
                page.section("Best prompts", *prompts),
            ]
        ),
    )


def _numbers(runs: Sequence[Run]) -> str:
    head = ("run", "initial, test", "best, test", "last, test", "best, validation", "steps accepted", "calls")
    return page.table(
        head,
        [
            (
                run.name,
                *(page.share(run.results["metrics"].get(name)) for name in _METRICS),
                f"{sum(used['calls'] for used in run.results['usage'].values()):,}",
            )
            for run in runs
        ],
        (6,),
    )


def _tests(runs: Sequence[Run]) -> str:
    head = ("run", "against", "difference", "95 % interval", "p", "in words")
    found = list(paired(runs))
    compared = sum("verdict" in each for each in found)
    if not compared:
        return "".join(f"<p>Not compared: {page.text(why)}.</p>" for why in {each["why_not"]: 0 for each in found})
    return _reach(runs[0], compared) + page.table(
        head,
        [
            (
                each["second"],
                each["first"],
                f"{each['difference']:+.3f}",
                "[{:+.2f}, {:+.2f}]".format(*each["ci95"]),
                f"{each['p_value']:.3g}",
                each["verdict"],
            )
            if "verdict" in each
            else (each["second"], each["first"], None, None, None, f"not compared: {each['why_not']}")
            for each in found
        ],
        (2, 3, 4),
    )


def _reach(run: Run, compared: int) -> str:
    """What the tests can show, and what many of them show by chance."""
    told = []
    if (detectable := run.results.get("detectable")) and (gain := detectable["difference"]):
        told.append(
            f"With {detectable['n']} test questions a true difference below {gain:.2f} would often not show "
            "(80 % power)."
        )
    if compared > 3:
        told.append(f"Of {compared} tests one in twenty falls below p = 0.05 by chance alone.")
    return f'<p class="soft">{" ".join(told)}</p>' if told else ""
