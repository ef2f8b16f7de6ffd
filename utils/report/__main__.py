"""`python -m utils.report`: reports of runs that have ended. See the package's text."""

import argparse
import os
import sys
from pathlib import Path

from textgrad.errors import StopRun, UsageError

from ..files import write_whole
from . import table, write, write_comparison, write_tables
from .compare import as_text
from .index import index
from .runs import find, load


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
    if len(folders) == 1 and not (folders[0] / "results.json").exists():
        return _index(folders[0])
    runs = [load(folder) for folder in folders]
    target = (
        Path(output)
        if output
        else runs[0].folder
        if len(runs) == 1
        else Path(os.path.commonpath([run.folder.parent for run in runs]))
    )
    target.mkdir(parents=True, exist_ok=True)
    if len(runs) == 1:
        print(table(runs[0].results))
        write(runs[0].folder)
        write_tables(target, runs)
    else:
        print(as_text(runs))
        write_comparison(target, runs)
    print(f"\n{target / 'report.html'}")
    return 0


def _index(folder: Path) -> int:
    runs = [load(found) for found in find(folder)]
    if not runs:
        raise UsageError(f"{folder} holds no finished run")
    for run in runs:
        if not (run.folder / "report.html").exists():
            write(run.folder)
        best = run.results["metrics"].get("best_test_acc")
        value = "-" if not best or best["value"] is None else f"{best['value']:.3f}"
        print(f"{value:>6}  {run.folder.relative_to(folder.resolve())}")
    write_whole(folder / "index.html", index(folder, runs))
    print(f"\n{folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
