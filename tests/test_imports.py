"""Importing the program: possible on every system, and without side effects."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNIX_ONLY = ("fcntl", "grp", "posix_ipc", "pwd", "readline", "resource", "syslog", "termios", "tty")
NEEDS_FLOWER = ("utils.flower.client_app", "utils.flower.server_app")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in ("textgrad", "utils")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.stem != "__main__"
] + [path.stem for path in sorted(ROOT.glob("*.py"))]

IMPORT_ALL = """
import importlib, sys

class Blocked:
    # Only for imports by the program itself: the standard library may use these modules behind a check of the system.
    def find_spec(self, name, path=None, target=None):
        if name in {blocked}:
            caller = sys._getframe(1)
            while caller and "importlib" in caller.f_code.co_filename:
                caller = caller.f_back
            file = caller.f_code.co_filename if caller else ""
            if file.startswith({root}) and "site-packages" not in file:
                raise ImportError("blocked: " + name + " in " + file)

for name in {blocked}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocked())
for name in {modules}:
    importlib.import_module(name)
"""


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)


def import_code(modules: list[str]) -> str:
    return IMPORT_ALL.format(blocked=UNIX_ONLY, root=repr(str(ROOT)), modules=modules)


def available_modules() -> list[str]:
    try:
        import flwr  # noqa: F401
    except ImportError:
        return [name for name in MODULES if name not in NEEDS_FLOWER]
    return MODULES


def test_every_module_can_be_imported_without_unix_only_modules(tmp_path):
    process = run_python(import_code(available_modules()), tmp_path)
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("name", ["fcntl", "resource"])
def test_the_check_finds_an_import_of_a_unix_only_module(tmp_path, name):
    (tmp_path / "offender.py").write_text(f"import {name}")
    code = IMPORT_ALL.format(blocked=UNIX_ONLY, root=repr(str(tmp_path)), modules=["offender"])
    process = run_python(f"sys.path.insert(0, {str(tmp_path)!r})\n{code}", tmp_path)
    assert process.returncode != 0 and f"blocked: {name}" in process.stderr


def test_importing_creates_no_files_and_starts_no_threads(tmp_path):
    report = "import threading; print([thread.name for thread in threading.enumerate()])"
    process = run_python(f"{import_code(available_modules())}\n{report}", tmp_path)
    assert process.stdout.strip() == "['MainThread']", process.stdout + process.stderr
    assert list(tmp_path.iterdir()) == []
