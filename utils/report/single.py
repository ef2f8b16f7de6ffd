"""The page of one run."""

from collections.abc import Sequence
from pathlib import Path

from utils.report import page, tables
from utils.report.drawing import Drawing
from utils.report.lineage import lineage
from utils.report.runs import Run

_TILES = (
    ("0shot_test_engine_test_acc", "initial prompt, test"),
    ("best_test_acc", "best prompt, test"),
    ("last_test_acc", "last prompt, test"),
    ("0shot_eval_engine_test_acc", "evaluation engine, initial prompt"),
)


def single(run: Run, drawings: Sequence[Drawing]) -> str:
    """The page's HTML."""
    results = run.results
    parts = [
        _header(run),
        _tiles(results),
        page.section("Is it better?", *_verdicts(results)),
        page.section("Rounds", '<div class="charts">', *map(page.figure, drawings), "</div>"),
        page.section(
            "The best prompt",
            f'<p class="soft">round {results["best_round"]}, chosen on the validation '
            f"questions alone</p><pre>{page.text(results['prompts']['best'])}</pre>",
        ),
        page.section("How it came about", lineage(run)),
        page.section("Instructions that aggregation lost", tables.lost(results)),
        page.section("Clients", tables.clients(results), tables.leaks(results)),
        page.section("How dense the prompts are", tables.complexity(results)),
        page.section("Calls, tokens and cost", tables.usage(results)),
        page.section("All numbers", tables.metrics(results)),
        page.section("Configuration and how to run it again", tables.configuration(run)),
    ]
    return page.page(run.name, "\n".join(parts))


def _header(run: Run) -> str:
    options, results = run.options, run.results
    engines = run.config.get("engines", {})
    told = f"{options['module']} on {', '.join(Path(task).stem for task in options['task'])}; " + ", ".join(
        f"{role} engine {about['model']}" for role, about in engines.items()
    )
    badges = [
        f'<span class="badge">{page.text(results["status"])}</span>',
        f'<span class="badge">seed {options["seed"]}</span>',
    ]
    if results["simulated"]:
        badges.append('<span class="badge warn">SIMULATED: says nothing about any real model</span>')
    stopped = f'<p class="note">{page.text(results["stopped"])}</p>' if results["stopped"] else ""
    return (
        f"<header><h1>{page.text(run.name)}</h1><p>{''.join(badges)}</p><p class=soft>{page.text(told)}</p>"
        f"{stopped}</header>"
    )


def _tiles(results: dict) -> str:
    tiles = []
    for name, title in _TILES:
        estimate = results["metrics"].get(name)
        if estimate and estimate["value"] is not None:
            low, high = estimate["ci95"]
            tiles.append(page.tile(title, f"{estimate['value']:.3f}", f"{low:.2f} to {high:.2f}, n = {estimate['n']}"))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _verdicts(results: dict) -> list[str]:
    """The first comparison in words, all of them as a table, and what could have been seen at all."""
    found = results.get("comparisons", [])
    parts = [
        f'<p class="verdict">{page.text(each["of"].capitalize())}: {page.text(each["verdict"])}.</p>'
        for each in found[:1]
    ]
    if detectable := results.get("detectable"):
        gain = detectable["difference"]
        told = f"a true gain below {gain:.2f} would often not show" if gain else "too few to show any gain"
        parts.append(f'<p class="soft">{detectable["n"]} test questions: {told} (80 % power, exact McNemar test).</p>')
    rows = [
        (
            each["of"],
            f"{each['task']}" + (f", client {each['client']}" if "client" in each else ""),
            f"{each['difference']:+.3f}",
            "[{:+.2f}, {:+.2f}]".format(*each["ci95"]),
            each["gained"],
            each["lost"],
            f"{each['p_value']:.3g}",
            each["verdict"],
        )
        for each in found
    ]
    head = ("on the same questions", "task", "difference", "95 % interval", "gained", "lost", "p", "in words")
    return [*parts, page.table(head, rows, (2, 3, 4, 5, 6))] if rows else parts
