"""A scratch copy of the project in which a test adds files, as a user who extends the program would."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = ("main.py", "train_centralized.py", "train_homo_fed.py", "train_hetero_fed.py", "textgrad", "utils")


def readme_example(readme: str, file: str = r"[\w/]+\.py") -> tuple[str, str]:
    """Return the path and the code of the first Python example of a README, or of that of a file.

    The line before the code block names the file in backquotes: "Save as `utils/aggregation/methods/longest.py`:".

    Args:
        readme: path from the project's root.
        file: regular expression that matches the path of the example.
    """
    text = (ROOT / readme).read_text(encoding="utf-8")
    found = re.search(rf"`({file})`[^\n]*\n+```python\n(.*?)```", text, re.DOTALL)
    assert found, f"{readme} shows no example file"
    return found[1], found[2]


def copy_project(target: Path) -> Path:
    """Copy the program (no tests, logs or scripts) to `target` and return it."""
    target.mkdir(parents=True, exist_ok=True)
    for name in _PROGRAM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def changed_files(project: Path) -> list[str]:
    """Return the paths of program files that were added to a scratch copy or changed in it, sorted."""
    files = [path.relative_to(project) for name in _PROGRAM for path in [project / name, *(project / name).rglob("*")]]
    return sorted(
        path.as_posix()
        for path in files
        if (project / path).is_file() and "__pycache__" not in path.parts and not _is_unchanged(project, path)
    )


def _is_unchanged(project: Path, path: Path) -> bool:
    return (ROOT / path).is_file() and (ROOT / path).read_bytes() == (project / path).read_bytes()


def run_in(project: Path, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess:
    """Run `main.py` of a scratch copy and return the finished process, with its output as text."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "main.py", "--log_dir", "logs", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
