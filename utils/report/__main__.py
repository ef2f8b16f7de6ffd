"""The command `python -m utils.report`; see the package's docstring."""

import argparse
import hashlib
import os
from pathlib import Path

from textgrad.errors import UsageError
from utils.files import reporting_os_errors, to_json
from utils.options import OneLineParser
from utils.program.command import exit_status, run_command
from utils.report import export, groups, paired
from utils.report.formats import estimate_text
from utils.report.run_list import list_runs
from utils.report.runs import is_run, load_run
from utils.report.write import PAPER_FORMATS, write, write_comparison, write_index, write_seeds, write_tables
from utils.run_log.summary import summary_table

_MAX_NAME = 100  # characters


def main(arguments: list[str]) -> int:
    """Write the reports that the command line asks for.

    Returns:
        Exit status: 0, or 2 for wrong usage and files that cannot be read or written.
    """
    if arguments[:1] == ["serve"]:
        from utils.report.browser import server

        return exit_status(lambda: server.main(arguments[1:]))
    parser = OneLineParser(prog="python -m utils.report", description="Write reports of finished runs.")
    parser.add_argument("folder", nargs="+", help="logs/<run>, several of them, or logs/ for a table of all runs")
    parser.add_argument(
        "-o",
        "--output",
        default="",
        metavar="DIR",
        help="folder of the report (default: the run's folder; for several runs, <run>_vs_<run> beside them)",
    )
    return exit_status(lambda: _run(parser.parse_args(arguments)))


def _run(options: argparse.Namespace) -> int:
    for name in options.folder:
        if not Path(name).is_dir():
            raise UsageError(f"folder {name} does not exist: name the folder of a run, such as logs/<run>")
    return _report([Path(name) for name in options.folder], options.output)


def _report(folders: list[Path], output: str) -> int:
    if len(folders) > 1:
        return _report_several(folders, _target(folders, output) if output else comparison_folder(folders))
    (folder,) = folders
    if groups.is_group(folder):
        print(write_seeds(folder.resolve(), [load_run(run.folder) for run in groups.load_group(folder).runs]))
        print(f"\n{folder / 'report.html'}")
        return 0
    if not (folder / "results.json").exists():
        return _report_all(folder)
    run = load_run(folder)
    target = _make_folder(_target(folders, output) if output else run.folder)
    print(summary_table(run.results))
    write(run.folder, target, PAPER_FORMATS)
    write_tables(target, [run])
    print(f"\n{target / 'report.html'}")
    return 0


def _report_several(folders: list[Path], target: Path) -> int:
    runs, repeated = groups.load_several(folders)
    _make_folder(target)
    tests = paired.as_text(runs, groups.folders_of(repeated))
    print("\n\n".join(filter(None, [groups.as_text(repeated), export.as_text(runs), tests])))
    write_comparison(target, runs, repeated)
    print(f"\n{target / 'report.html'}")
    return 0


def _report_all(folder: Path) -> int:
    runs, problems = list_runs(folder)
    if not runs:
        raise UsageError(f"{folder} holds no run: name logs/ or the folder of a run, such as logs/<run>")
    write_index(folder, runs, problems)
    for listed in runs:
        best = listed.run.metric("best_test_acc") if listed.results else None
        state = estimate_text(best) if best else listed.status
        print(f"{state:<32}  {listed.run.folder.relative_to(folder.resolve())}")
    for problem in problems:
        print(f"not listed: {problem}")
    print(f"\n{folder / 'index.html'}")
    return 0


def _make_folder(folder: Path) -> Path:
    with reporting_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def comparison_folder(folders: list[Path]) -> Path:
    """Return the folder for the report of several runs, beside them: every list of runs has its own."""
    paths = [folder.resolve() for folder in folders]
    parent = Path(os.path.commonpath([path.parent for path in paths]))
    names = ["-".join(path.relative_to(parent).parts) for path in paths]
    name = "_vs_".join(names)
    if len(name) > _MAX_NAME or "_vs_" in "".join(names):  # too long, or ambiguous
        name = f"{name[:_MAX_NAME]}_{hashlib.sha256(to_json(names).encode()).hexdigest()[:8]}"
    return parent / name


def _target(folders: list[Path], output: str) -> Path:
    """Return the folder that the user chose; say so if a report there gets replaced.

    Raises:
        UsageError: it is the folder of another run.
    """
    target = Path(output)
    if (is_run(target) or groups.is_group(target)) and [target.resolve()] != [folder.resolve() for folder in folders]:
        raise UsageError(f"-o {target} is the folder of another run, whose report would be lost: name another folder")
    if (target / "report.html").exists():
        print(f"replacing the earlier report in {target}")
    return target


if __name__ == "__main__":
    run_command(main)
