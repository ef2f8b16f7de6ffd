"""The command `python -m utils.studies`; see the package's docstring."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from textgrad.discovery import load, names_in
from textgrad.errors import UsageError, unknown
from utils.config import Config
from utils.files import keep_files_private
from utils.options import OneLineParser, parse_arguments
from utils.program.command import exit_status, run_command
from utils.studies.declaration import MODELS, PAPER, Study
from utils.studies.dry_run import dry_run
from utils.studies.page import write_page
from utils.studies.runs import Request, Setting, settings_of, train

_KINDS = ("paper", "further")  # folders of declarations


def main(arguments: list[str]) -> int:
    """Run the studies that the command line asks for; return the exit status."""
    keep_files_private()
    return exit_status(lambda: _run(arguments))


def find_study(name: str) -> tuple[str, Study]:
    """Return the folder and the declaration of a study.

    Raises:
        UsageError: there is no such study.
    """
    for kind in _KINDS:
        package = f"{__package__}.{kind}"
        if name in names_in(package):
            return kind, load(package, name, "study").STUDY
    raise unknown("study", name, ["all", *(each for kind in _KINDS for each in names_in(f"{__package__}.{kind}"))])


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="python -m utils.studies",
        description="Run the paper's experiments. Options of main.py apply to every run.",
    )
    parser.add_argument("study", help="name of a study, such as fig2a_local_steps; all: every figure and table")
    parser.add_argument("--smoke", action="store_true", help="tiny runs on the simulated engine")
    parser.add_argument("--only", nargs="+", default=[], metavar="LABEL", help="rows and columns to run (default: all)")
    parser.add_argument(
        "--engines",
        nargs="+",
        action="extend",
        default=[],
        metavar="MODEL=ENGINE",
        help=f"engines of the paper's models (default: {', '.join(f'{m}={e}' for m, e in MODELS.items())})",
    )
    return parser


def _run(arguments: list[str]) -> int:
    own, words = _parser().parse_known_args(arguments)
    options, _ = parse_arguments(Config, words)
    request = Request(options, own.smoke, _engines(own.engines), tuple(own.only))
    names = names_in(f"{__package__}.paper") if own.study == "all" else (own.study,)
    if options.pop("dry_run", False):
        return dry_run({name: _settings(name, request) for name in names})
    finished: set[str] = set()
    return next((status for name in names if (status := _run_study(name, request, finished))), 0)


def _run_study(name: str, request: Request, finished: set[str]) -> int:
    """Run a study and write its page, also if a run stops it; return the exit status.

    Args:
        name: of the study.
        request: the user's choices.
        finished: names of runs that are finished; gets those of this study.
    """
    kind, study = find_study(name)
    folder = _folder(kind, request)
    settings = settings_of(study, folder / "runs", request)
    status = 0
    for setting in {each.name: each for each in settings.values() if each.name not in finished}.values():
        print(f"== {name}: {setting.name}", flush=True)
        if status := train(setting.words):
            break
        finished.add(setting.name)
    write_page(study, name, folder / name, settings)
    print(f"\n{folder / name / 'report.html'}", flush=True)
    if status:
        print(
            f"{name} stopped at {setting.name}: start it again to continue, with any option that the message above "
            "changes",
            file=sys.stderr,
        )
    return status


def _settings(name: str, request: Request) -> list[Setting]:
    kind, study = find_study(name)
    return list(settings_of(study, _folder(kind, request) / "runs", request).values())


def _folder(kind: str, request: Request) -> Path:
    """Return the folder of a kind of studies, with a place of its own for smoke runs and for another protocol."""
    protocol = request.options.get("protocol", PAPER.options["protocol"])
    parts = ["smoke"] * request.smoke + [kind] + [protocol] * (protocol != PAPER.options["protocol"])
    return Path(request.options.get("log_dir", Config.log_dir)) / "_".join(parts)


def _engines(words: Iterable[str]) -> dict[str, str]:
    """Return the engines by model of words such as "GPT-4=openai-gpt-4".

    Raises:
        UsageError: a word has no engine, or its model is unknown.
    """
    engines = {}
    for word in words:
        model, _, engine = word.partition("=")
        if model not in MODELS:
            raise unknown("model in --engines", model, MODELS)
        if not engine:
            raise UsageError(f"--engines {word}: write MODEL=ENGINE, such as {model}={MODELS[model]}")
        engines[model] = engine
    return engines


if __name__ == "__main__":
    run_command(main)
