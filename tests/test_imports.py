"""Importing the program: possible on every system, and without side effects."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import toy

ROOT = Path(__file__).parents[1]
UNIX_ONLY = ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
UNIX_ONLY_NAMES = {
    "os": ("fork", "geteuid", "getuid", "killpg", "sched_getaffinity", "setsid", "sysconf", "umask", "uname", "wait4"),
    "select": ("epoll", "poll"),
    "signal": ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGWINCH", "pthread_sigmask", "setitimer"),
}
NEEDS_FLOWER = ("utils.flower.client_app", "utils.flower.server_app")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in ("textgrad", "utils")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.stem != "__main__"
] + [path.stem for path in sorted(ROOT.glob("*.py"))]

# Only imports by the program itself are refused: libraries may use these modules after a check of the system.
IMPORT_ALL = """
import builtins, importlib, os, select, signal, sys

import_module = builtins.__import__

def checked_import(name, globals=None, *args, **kwargs):
    file = (globals or {{}}).get("__file__") or ""
    if name.partition(".")[0] in {unix_only} and file.startswith({root}) and "site-packages" not in file:
        raise ImportError(f"Unix-only module: {{name}} in {{file}}")
    return import_module(name, globals, *args, **kwargs)

builtins.__import__ = checked_import
for owner, names in {unix_only_names}.items():
    for name in names:
        if hasattr(sys.modules[owner], name):
            delattr(sys.modules[owner], name)
for name in {modules}:
    importlib.import_module(name)
"""

# Prints files opened for writing, connections, host lookups and new processes, as soon as they happen.
REPORT_SIDE_EFFECTS = """
import sys

WATCHED = ("os.mkdir", "os.remove", "os.rename", "os.system", "socket.connect", "socket.getaddrinfo", "sqlite3.connect",
           "subprocess.Popen")

def report(event, args):
    if event in WATCHED or event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        print(event, args[:2])

sys.addaudithook(report)
"""


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-B", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)


def import_code(modules: list[str], root: Path = ROOT) -> str:
    return IMPORT_ALL.format(
        unix_only=UNIX_ONLY, unix_only_names=UNIX_ONLY_NAMES, root=repr(str(root)), modules=modules
    )


def available_modules() -> list[str]:
    if importlib.util.find_spec("flwr") is None:
        return [name for name in MODULES if name not in NEEDS_FLOWER]
    return MODULES


def test_every_module_can_be_imported_without_unix_only_modules(tmp_path):
    process = run_python(import_code(available_modules()), tmp_path)
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("module", ["train_centralized", "train_homo_fed", "train_hetero_fed"])
def test_a_run_needs_no_unix_only_module(tmp_path, module):
    tasks = [toy.task_file(tmp_path, name) for name in ("one", "two")[: 1 + (module == "train_hetero_fed")]]
    options = toy.options(tmp_path, "--rounds", "1", module=module, tasks=tasks)
    libraries = "import numpy, scipy.stats, subprocess\n"  # they check the system by themselves
    code = libraries + import_code(["main"]) + f"\nimport main\nsys.exit(main.main({options!r}))"
    process = run_python(code, tmp_path)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "logs" / "run" / "results.json").exists()


@pytest.mark.parametrize(
    "line, error",
    [
        ("import fcntl", "Unix-only module: fcntl"),
        ("from resource import getrusage", "Unix-only module: resource"),
        ("import filelock, fcntl", "Unix-only module: fcntl"),  # a library has imported it before
        ("import select; POLL = select.poll()", "no attribute 'poll'"),
        ("import signal; KILL = signal.SIGKILL", "no attribute 'SIGKILL'"),
    ],
)
def test_the_check_finds_an_import_of_a_unix_only_module(tmp_path, line, error):
    (tmp_path / "offender.py").write_text(line)
    process = run_python(f"sys.path.insert(0, {str(tmp_path)!r})\n{import_code(['offender'], tmp_path)}", tmp_path)
    assert process.returncode != 0 and error in process.stderr


def test_importing_opens_no_file_for_writing_and_no_connection_and_starts_no_thread(tmp_path):
    imports = "\n".join(f"import {name}" for name in available_modules())
    threads = "import threading; print([thread.name for thread in threading.enumerate()])"
    process = run_python(f"{REPORT_SIDE_EFFECTS}\n{imports}\n{threads}", tmp_path)
    assert process.stdout.strip() == "['MainThread']", process.stdout + process.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line, event", [("open('x', 'w')", "open"), ("import socket; socket.getaddrinfo('localhost', 1)", "getaddrinfo")]
)
def test_the_check_finds_side_effects(tmp_path, line, event):
    assert event in run_python(f"{REPORT_SIDE_EFFECTS}\n{line}", tmp_path).stdout
