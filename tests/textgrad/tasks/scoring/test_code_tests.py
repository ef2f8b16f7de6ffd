"""Code is scored by tests in a child process with limits."""

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from textgrad.tasks.scoring import code_tests as module
from textgrad.tasks.scoring.code_tests import code_tests, number_of_tests

TESTS = "x = 2\nassert add(1, x) == 3\nassert add(0, 0) == 0\nassert add(-1, 1) == 0"
ADD = "def add(a, b):\n    return a + b"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs the module resource")


def block(code):
    return f"Here it is:\n```python\n{code}\n```\nDone."


@pytest.mark.parametrize(
    "reply, score, feedback",
    [
        (block(ADD), 1, ""),
        (ADD, 1, ""),
        (block("def add(a, b):\n    return 0") + "\nBetter:\n" + block(ADD), 1, ""),
        (block(ADD.replace("+", "-")), 1 / 3, "assert add(1, x) == 3 fails: AssertionError"),
        (block("def add(a, b):\n    return 5 // a"), 0, "assert add(1, x) == 3 fails: AssertionError"),
        (block("def add(a, b):\n    raise ValueError('no\\nsum')"), 0, "add(1, x) == 3 fails: ValueError: no sum"),
        (block("def sub(a, b): pass"), 0, "NameError: name 'add' is not defined"),
        (block("def add(a, b:"), 0, "the code fails: SyntaxError"),
        (block("import no_such_package"), 0, "the code fails: ModuleNotFoundError"),
        (block(f"{ADD}\nif __name__ == '__main__':\n    1 / 0"), 1, ""),
        (block(f"{ADD}\nprint('[]\\n' * 9); print(input())"), 0, "the code fails: EOFError"),
        (block(f"{ADD}\nimport sys; sys.exit()"), 0, "the code fails: SystemExit"),
        (block(f"{ADD}\nimport os; os._exit(0)"), 0, "the code ended its process"),
        (block("import os\ndef add(a, b):\n    return a + b if a else os._exit(0)"), 1 / 3, "ended its process"),
        (
            f"import os\nfor n in range(99):\n  try: os.write(n, b'forged\\n')\n  except OSError: pass\n{ADD}",
            0,
            "process",
        ),
        (
            "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A:\n  a: int\n"
            + ADD,
            1,
            "",
        ),
    ],
)
def test_the_score_is_the_share_of_tests_that_pass(reply, score, feedback):
    grade = code_tests(reply, TESTS)
    assert grade.score == pytest.approx(score) and feedback in grade.feedback
    assert "\n" not in grade.feedback and bool(grade.feedback) is (score < 1)


def test_a_call_is_a_test_and_code_between_the_tests_prepares_them():
    tests = "def check(f):\n    assert f(1, 1) == 2\ncheck(add)\ny = add(2, 2)\nassert y == 4"
    assert number_of_tests(tests) == 2
    assert code_tests(ADD, tests).score == 1
    assert code_tests(ADD.replace("a + b", "a * 2"), tests).score == 1
    assert code_tests(ADD.replace("a + b", "2"), tests) == (0.5, "assert y == 4 fails: AssertionError")


@pytest.mark.parametrize("answer", ["x = 1", "", "assert (", "7 +"])
def test_an_answer_without_tests_is_an_error(answer):
    with pytest.raises(ValueError):
        number_of_tests(answer)


@posix
@pytest.mark.parametrize("loop", ["while True: pass", "import time; time.sleep(60)"])
def test_code_that_does_not_end_is_stopped_and_keeps_the_tests_before(monkeypatch, loop):
    monkeypatch.setattr(module, "CPU_SECONDS", 1)
    monkeypatch.setattr(module, "WALL_SECONDS", 3)
    start = time.monotonic()
    code = f"def add(a, b):\n    if a == 0:\n        {loop}\n    return a + b"
    assert code_tests(block(code), TESTS) == (1 / 3, "the code does not end in time")
    assert time.monotonic() - start < 20


@posix
def test_memory_is_limited():
    assert "MemoryError" in code_tests("x = bytearray(4 << 30)", TESTS).feedback


@posix
def test_the_size_of_files_is_limited_and_the_folder_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    small = "import os, tempfile\nopen('a.txt', 'w').write('x'); os.mkdir('b'); os.remove('a.txt')\n"
    small += "tempfile.NamedTemporaryFile().write(b'x')\n"
    assert code_tests(block(small + ADD), TESTS).score == 1
    assert "OSError" in code_tests(block("open('a.txt', 'w').write('x' * (8 << 20))"), TESTS).feedback
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "code",
    [
        "open({path!r}, 'w')",
        "import os; os.open({path!r}, os.O_CREAT)",
        "import os; os.remove({path!r})",
        "import shutil; shutil.rmtree({folder!r})",
        "import os; os.rename({path!r}, 'here')",
        "import os; os.chdir('/')",
        "import os; os.fork()",
        "import os; os.system('true')",
        "import subprocess; subprocess.run(['true'])",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_network_processes_and_other_files_are_refused(tmp_path, code):
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    grade = code_tests(block(code.format(path=str(path), folder=str(tmp_path))), TESTS)
    assert grade.score == 0 and "is not allowed" in grade.feedback
    assert path.read_text() == "mine"


@posix
def test_no_process_is_left_behind(tmp_path):
    """A fork that Python does not report, and that outlives the code."""
    code = "import ctypes, time\nif ctypes.CDLL(None).fork() == 0:\n    time.sleep(60)\n"
    before = _processes()
    assert code_tests(block(code + ADD), TESTS).score == 1
    time.sleep(0.2)
    assert len(_processes()) <= len(before)


def _processes():
    """Return the process groups' command lines that run the child."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = Path(f"/proc/{name}/cmdline").read_text()
            state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        found += [name] if "code_tests_child" in command and state != "Z" else []
    return found


def test_the_code_sees_no_environment_variables(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert code_tests(ADD, "import os\nassert 'secret' not in os.environ.values()").score == 1
