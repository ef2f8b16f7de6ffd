"""`python -m utils.report`: reports of runs that have ended. See the package's text."""

import argparse
import os
import sys
from pathlib import Path

from textgrad.errors import StopRun, UsageError
from utils.files import atomic_write, reporting_os_errors
from utils.repeats import finish
from utils.report import groups, page, write, write_comparison, write_tables
from utils.report.compare import as_text
from utils.report.figures import FOR_PAPERS
from utils.report.index import index
from utils.report.runs import find, load
from utils.run_log.summary import summary_table


def main(arguments: list[str]) -> int:
    """Makes what the words ask for; 0, or 2 where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m utils.report", description="Reports of finished runs.")
    parser.add_argument("folder", nargs="+", help="logs/<run>, several of them, or logs/ for a table of all")
    parser.add_argument(
        "-o",
        "--output",
        default="",
        metavar="DIR",
        help="where the comparison of several runs goes (default: the folder that holds them)",
    )
    given = parser.parse_args(arguments)
    try:
        for word in given.folder:
            if not Path(word).is_dir():
                raise UsageError(f"there is no folder {word}")
        return _made([Path(word) for word in given.folder], given.output)
    except StopRun as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2


def _made(folders: list[Path], output: str) -> int:
    single = folders[0] if len(folders) == 1 else None
    if single and groups.is_group(single):
        print(finish(single.resolve(), [load(run.folder) for run in groups.load_group(single).runs]))
        return 0
    if single and not (single / "results.json").exists():
        return _index(single)
    several = [groups.load_group(folder) for folder in folders if groups.is_group(folder)]
    runs = [
        run
        for folder in folders
        for run in (groups.load_group(folder).runs if groups.is_group(folder) else [load(folder)])
    ]
    target = Path(output or runs[0].folder if single else output or _common(folders))
    with reporting_os_errors(target):
        target.mkdir(parents=True, exist_ok=True)
    if single:
        print(summary_table(runs[0].results))
        write(runs[0].folder, target, FOR_PAPERS)
        write_tables(target, runs)
    else:
        print("\n\n".join(filter(None, [groups.as_text(several), as_text(runs)])))
        write_comparison(target, runs, above=groups.table(several), more=groups.rows(several))
    print(f"\n{target / 'report.html'}")
    return 0


def _common(folders: list[Path]) -> str:
    return os.path.commonpath([folder.resolve().parent for folder in folders])


def _index(folder: Path) -> int:
    runs = [load(found) for found in find(folder)]
    if not runs:
        raise UsageError(f"{folder} holds no finished run")
    for run in runs:
        if not (run.folder / "report.html").exists():
            write(run.folder)
        best = run.results["metrics"].get("best_test_acc")
        print(f"{page.share(best):<32}  {run.folder.relative_to(folder.resolve())}")
    atomic_write(folder / "index.html", index(folder, runs))
    print(f"\n{folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
