"""From a run's folder to what people read: a table on the terminal, one page of HTML, pictures, CSV, LaTeX.

python -m utils.report logs/<run>               report.html, figures/*.png, report.csv, report.tex in its folder
python -m utils.report logs/<a> logs/<b> ...    the runs side by side, with the paired test; -o names the folder
                                                also of what --repeats made: means over seeds, compared seed by seed
python -m utils.report logs/                    index.html: all runs in one table
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.files import atomic_write
from utils.report.charts import charts, charts_of
from utils.report.compare import as_csv, as_latex, comparison, rows
from utils.report.pictures import write_pictures
from utils.report.runs import Run, load
from utils.report.single import single
from utils.report.tables import flaws

_ROWS = {
    "0shot_eval_engine_test_acc": "evaluation engine, initial prompt, test",
    "0shot_test_engine_test_acc": "test engine, initial prompt, test",
    "last_test_acc": "test engine, last prompt, test",
    "best_test_acc": "test engine, best prompt, test",
    "0shot_test_engine_validation_acc": "test engine, initial prompt, validation",
    "best_validation_acc": "test engine, best prompt, validation",
    "update_success_rate": "local steps whose rewrite was kept",
}


def write(folder: Path, target: Path | None = None) -> None:
    """Makes report.html and figures/*.png of a finished run, in its folder or another one."""
    run = load(folder)
    atomic_write((target or run.folder) / "report.html", single(run))
    write_pictures(target or run.folder, charts(run), _note([run]))


def write_comparison(
    folder: Path,
    runs: Sequence[Run],
    title: str = "Comparison of runs",
    above: str = "",
    more: Sequence[dict[str, Any]] = (),
) -> None:
    """Makes report.html, figures/*.png, report.csv and report.tex of several runs.

    Args:
        folder: where they go.
        runs: at least two.
        title: of the page.
        above: HTML before the page's tables.
        more: further rows of report.csv and report.tex.
    """
    figures = charts_of(runs, more or rows(runs))
    atomic_write(folder / "report.html", comparison(runs, figures, title, above))
    write_pictures(folder, figures, _note(runs))
    write_tables(folder, runs, more)


def write_tables(folder: Path, runs: Sequence[Run], more: Sequence[dict[str, Any]] = ()) -> None:
    """Makes report.csv and report.tex of one or more runs."""
    numbers = [*rows(runs), *more]
    atomic_write(folder / "report.csv", as_csv(numbers))
    atomic_write(folder / "report.tex", as_latex(numbers))


def _note(runs: Sequence[Run]) -> str:
    return "SIMULATED" if any(run.results["simulated"] for run in runs) else ""


def table(summary: dict[str, Any]) -> str:
    """The results as lines of text: what, value with its 95 % interval, n; comparisons; what could be detected at all.

    Args:
        summary: the content of results.json.
    """
    lines = _numbers(summary["metrics"])
    for each in summary["comparisons"]:
        where = ", ".join(
            ([f"client {each['client']}"] if "client" in each else [])
            + ([each["task"]] if len(summary["data"]) > 1 else [])
        )
        lines.append(f"{each['of']}{f' ({where})' if where else ''}: {each['verdict']}")
    detectable = summary["detectable"]
    if detectable["difference"]:
        lines.append(
            f"{detectable['n']} test questions: a true gain below {detectable['difference']:.2f} would often not "
            "show (80 % power)"
        )
    for role, used in summary["usage"].items():
        lines.append(
            f"{role} engine: {used['calls']} calls ({used['requests']} requests), {used['prompt_tokens']} + "
            f"{used['completion_tokens']} tokens, bad replies: {flaws(used)}"
        )
    if "answers_thrown_away" in summary:
        lines.append(f"answers asked for ahead of time and thrown away: {summary['answers_thrown_away']}")
    if told := summary.get("forecast"):
        lines.append(
            "calls, forecast and actual: "
            + ", ".join(f"{role} {of_role['calls']} and {of_role['actual_calls']}" for role, of_role in told.items())
        )
    if summary["simulated"]:
        lines.append(
            "SIMULATED: replies came from the simulated engine; these numbers say nothing about any real model"
        )
    return "\n".join(lines)


def _numbers(metrics: dict[str, Any]) -> list[str]:
    rows = {label: estimate for name, estimate in metrics.items() if (label := _label(name))}
    width = max(map(len, rows), default=0) + 2
    head = f"{'':<{width}}{'value':>7}  {'95 % interval':>16}  {'n':>5}"
    return [head, *(f"{label:<{width}}{_row(estimate)}" for label, estimate in rows.items())]


def _label(name: str) -> str:
    """A metric's name in words; "" for one that is not shown."""
    if name.startswith("transfer_"):
        return name.removesuffix("_test_acc").replace("_", " ") + ", test"
    known = next((key for key in _ROWS if name.endswith(key)), "")
    task = name.removesuffix(known).rstrip("_")
    return known and _ROWS[known] + (f" ({task})" if task else "")


def _row(estimate: dict[str, Any]) -> str:
    if not estimate["n"]:
        return f"{'-':>7}  {'-':>16}  {0:>5}"
    low, high = estimate["ci95"]
    return f"{estimate['value']:>7.3f}  {f'{low:.3f} to {high:.3f}':>16}  {estimate['n']:>5}"
