"""The page of all runs under a folder: one table, sorted by a click on its heads."""

from collections.abc import Sequence
from pathlib import Path

from utils.report import page
from utils.report.runs import Run

_SORT = """<script>
document.querySelectorAll("th button").forEach((button, column) => button.addEventListener("click", () => {
  const body = document.querySelector("tbody"), up = button.dataset.up !== "1";
  button.dataset.up = up ? "1" : "0";
  const key = row => { const text = row.cells[column].textContent, number = parseFloat(text.replaceAll(",", ""));
                       return column < 4 ? text : Number.isNaN(number) ? -Infinity : number; };
  [...body.rows].sort((a, b) => { const x = key(a), y = key(b); return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1); })
                .forEach(row => body.append(row));
  document.querySelectorAll("th").forEach(head => head.removeAttribute("aria-sort"));
  button.parentElement.setAttribute("aria-sort", up ? "ascending" : "descending");
}));
</script>"""
_HEAD = ("run", "module", "tasks", "engines", "seed", "initial, test", "best, test", "p", "rounds", "calls")


def index(folder: Path, runs: Sequence[Run]) -> str:
    """The page; each run's name leads to its own report."""
    rows = "".join(_row(Path(folder).resolve(), run) for run in runs)
    heads = "".join(f"<th><button>{page.text(name)}</button></th>" for name in _HEAD)
    together = sorted(
        path.parent.name for path in Path(folder).glob("*/report.html") if not (path.parent / "results.json").exists()
    )
    links = ", ".join(f'<a href="{page.text(name)}/report.html">{page.text(name)}</a>' for name in together)
    below = f"<p>Several runs together: {links}</p>" if links else ""
    return page.page(
        "Runs",
        f"<style>main{{max-width:none}}</style><h1>Runs</h1><p class=soft>{len(runs)} runs in "
        f"{page.text(Path(folder).resolve().name)}/. A click on a head sorts.</p><section><div class=wide>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>{below}{_SORT}",
    )


def _row(folder: Path, run: Run) -> str:
    options, metrics = run.options, run.results["metrics"]
    where = run.folder.relative_to(folder).as_posix()
    tests = run.results.get("comparisons") or [{"p_value": None}]
    cells = [
        options["module"].removeprefix("train_"),
        ", ".join(Path(task).stem for task in options["task"]),
        " / ".join(dict.fromkeys((options["test_engine"], options["evaluation_engine"]))),
        options["seed"],
        page.share(metrics.get("0shot_test_engine_test_acc")),
        page.share(metrics.get("best_test_acc")),
        None if tests[0]["p_value"] is None else f"{tests[0]['p_value']:.2g}",
        len(run.results["rounds"]) - 1,
        f"{sum(used['calls'] for used in run.results['usage'].values()):,}",
    ]
    return (
        f'<tr><td><a href="{page.text(where)}/report.html">{page.text(where)}</a></td>'
        + "".join(page.cell(cell) for cell in cells)
        + "</tr>"
    )
