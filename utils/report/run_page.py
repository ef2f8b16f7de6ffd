"""The page of one run."""

from collections.abc import Sequence
from typing import Any

from utils.metrics.table import HEADLINE, metrics_shown_in
from utils.report import tables
from utils.report.attack import attack_table
from utils.report.client_scores import client_scores_table
from utils.report.drawing import Drawing
from utils.report.graph import prompt_graph
from utils.report.header import facts
from utils.report.lineage import lineage
from utils.report.pages import render
from utils.report.paired import name_of_test
from utils.report.runs import Run
from utils.run_log.comparisons import main_comparisons, whose
from utils.run_log.problems import problems
from utils.run_log.summary import detectable_gain
from utils.run_log.verdict import verdict_sentence


def run_page(run: Run, drawings: Sequence[Drawing], browsable: bool = False) -> str:
    """Return the page.

    Args:
        run: a finished run.
        drawings: its figures.
        browsable: True to link the call browser beside the page.
    """
    results = run.results
    return render(
        "run.html",
        title=run.name,
        run=run,
        browsable=browsable,
        results=results,
        facts=facts(run),
        sentence=verdict_sentence(results),
        problems=problems(results),
        headline=_headline(run),
        verdicts=[(each, whose(each)) for each in main_comparisons(results)],
        test=name_of_test([run]),
        several_prompts=len(results["rounds"][0]["prompts"]) > 1,
        detectable=detectable_gain(results["detectable"]) if results.get("detectable") else "",
        drawings=drawings,
        graph=prompt_graph(run),
        lineage=lineage(run),
        merged=any(each.get("retention") for each in results["rounds"]),
        leaks_checked=any(each.get("leaks") for each in results["rounds"]),
        fairness=results.get("fairness"),
        tables={
            "comparisons": tables.comparisons(results),
            "lost": tables.lost_instructions(results),
            "attack": attack_table(results),
            "client_scores": client_scores_table(results),
            "clients": tables.clients(results),
            "leaks": tables.leaks(results),
            "complexity": tables.complexity(results),
            "usage": tables.usage(results),
            "metrics": tables.metrics(results),
            "options": tables.options(run),
            "versions": tables.versions(run),
        },
        command=tables.command(run.options),
        replay=tables.command(run.options, "--run_name", run.folder.name, "--replay_only"),
    )


def _headline(run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return heading and estimate of the metrics at the top of the page."""
    headline = [(metric.heading or metric.label, run.metric(metric.key)) for metric in metrics_shown_in(HEADLINE)]
    return [(heading, estimate) for heading, estimate in headline if estimate and estimate["value"] is not None]
