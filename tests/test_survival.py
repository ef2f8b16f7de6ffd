"""Runs survive being killed at any moment, a full disk, damaged files, and a move to another machine."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy
from fault_runs import KEY, simulated
from fault_server import FaultServer

import main

ROOT = Path(main.__file__).parent
MODULES = ("train_centralized", "train_homo_fed", "train_hetero_fed")


def start(*arguments, env=None, **kwargs) -> subprocess.Popen:
    """Start main.py in a new process."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **(env or {})}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **kwargs,
    )


def run(*arguments, **kwargs) -> tuple[int, str, str]:
    """Run main.py in a new process. Return exit status, standard output and standard error."""
    process = start(*arguments, **kwargs)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def tasks_of(folder: Path, module: str) -> list[Path]:
    tasks = [toy.task_file(folder, "first", [1, 2]), toy.task_file(folder, "second", [2, 3], seed=1)]
    return tasks if module == "train_hetero_fed" else tasks[:1]


def finished_calls(folder: Path, copy: Path) -> set[str]:
    """Return the messages of all calls that a killed run has stored, read from a copy of its call log."""
    if not (folder / "calls.sqlite").exists():
        return set()
    copy.mkdir()
    for path in folder.glob("calls.sqlite*"):
        shutil.copy(path, copy)
    with sqlite3.connect(copy / "calls.sqlite") as db:
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            return set()
        stored = [json.loads(request) for (request,) in db.execute("SELECT request FROM calls")]
    return {json.dumps(request["messages"]) for request in stored if "messages" in request}  # without metadata


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_a_run_killed_at_ten_random_moments_resumes_to_the_same_results(tmp_path, module):
    tasks, rng, with_calls = tasks_of(tmp_path, module), random.Random(module), 0
    answers = [simulated(task) for task in tasks]

    def reply(request):
        texts = [answer(request) for answer in answers]
        return next((text for text in texts if "Answer: unknown" not in text), texts[0])

    with FaultServer(reply, latency=0.01) as server:
        env = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}

        def options(name):
            return toy.options(
                tmp_path, "--max_concurrency", "4", "--run_name", name, module=module, tasks=tasks, engine="openai-x"
            )

        assert run(*options("reference"), env=env)[0] == 0
        total = len(server.requests)
        expected = toy.story(tmp_path / "logs" / "reference")
        for number in range(10):
            name = f"killed{number}"
            moment, sent = rng.randrange(2, total * 11 // 10), len(server.requests)  # past the last call: writes files
            process = start(*options(name), env=env)
            while process.poll() is None and len(server.requests) - sent < min(moment, total):
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 1.0 if moment > total else 0.05))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.1)
            stored, sent = finished_calls(tmp_path / "logs" / name, tmp_path / f"copy{number}"), len(server.requests)
            with_calls += bool(stored)
            assert run(*options(name), env=env)[0] == 0
            resumed = [json.dumps(seen.json["messages"]) for seen in server.requests[sent:]]
            assert not stored & set(resumed) and len(resumed) == len(set(resumed))
            assert toy.story(tmp_path / "logs" / name) == expected
    print(f"{module}: 10 killed runs had the same results; {with_calls} had finished calls, and none was repeated")
    assert with_calls >= 8


@pytest.fixture
def reference(tmp_path):
    """Return the files of an undisturbed run, and the options of another run that must end with the same files."""
    assert main.main(toy.options(tmp_path, "--run_name", "reference")) == 0
    return toy.story(tmp_path / "logs" / "reference"), toy.options(tmp_path)


@pytest.mark.parametrize("name", ["metrics.jsonl", "ledger.jsonl"])
def test_a_torn_last_line_is_rewritten(tmp_path, reference, name):
    expected, options = reference
    assert main.main(options) == 0
    path = tmp_path / "logs" / "run" / name
    path.write_bytes(path.read_bytes()[:-7])
    assert main.main(options) == 0
    assert toy.story(tmp_path / "logs" / "run") == expected


def test_a_damaged_call_log_loses_only_its_damaged_replies(tmp_path, reference, capsys):
    expected, options = reference
    assert main.main(options) == 0
    path = tmp_path / "logs" / "run" / "calls.sqlite"
    data = bytearray(path.read_bytes())
    data[9 * 4096 : 10 * 4096] = bytes(range(256)) * 16
    path.write_bytes(data)
    capsys.readouterr()
    assert main.main(options) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if "is damaged" in line]
    assert len(warnings) >= 1 and "calls.sqlite" in warnings[0]
    assert toy.story(tmp_path / "logs" / "run") == expected


def test_an_unreadable_configuration_is_named_in_the_error(tmp_path, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    (tmp_path / "logs" / "run" / "config.json").write_text('{"options": {')
    capsys.readouterr()
    assert main.main(toy.options(tmp_path)) == 2
    error = capsys.readouterr().err
    assert "cannot read" in error and "config.json" in error


@pytest.mark.parametrize("kilobytes", [2, 40, 150])
def test_a_file_size_limit_stops_the_run_with_one_line_and_it_resumes_later(tmp_path, reference, kilobytes):
    expected, options = reference

    def limit_file_size():
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    # Without byte code: a torn .pyc would break every later import.
    status, _, err = run(*options, preexec_fn=limit_file_size, env={"PYTHONDONTWRITEBYTECODE": "1"})
    lines = toy.error_lines(err)
    assert status == 2 and len(lines) == 1 and lines[0].startswith("error: ")
    assert str(tmp_path / "logs" / "run") in lines[0]
    assert run(*options)[0] == 0
    assert toy.story(tmp_path / "logs" / "run") == expected


def test_a_full_disk_stops_the_run_with_one_line_and_it_resumes_later(tmp_path, reference):
    expected, options = reference
    disk = tmp_path / "logs" / "run"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("cannot mount a file system")
    try:
        status, _, err = run(*options)
        lines = toy.error_lines(err)
        assert status == 2 and len(lines) == 1 and lines[0].startswith("error: ") and str(disk) in lines[0]
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        assert run(*options)[0] == 0
        assert toy.story(disk) == expected
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("signal_number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_within_two_seconds_even_with_comet(tmp_path, signal_number, status):
    process = start(
        *toy.options(
            tmp_path,
            "--comet_mode",
            "offline",
            "--comet_log_path",
            str(tmp_path / "comet"),
            engine="simulated:latency=5",
        )
    )
    while not (tmp_path / "logs" / "run" / "calls.sqlite").exists():
        time.sleep(0.02)
    time.sleep(0.3)
    started = time.monotonic()
    process.send_signal(signal_number)
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 2 and process.returncode == status
    assert "to continue: .venv/bin/python" in err and "Traceback" not in err


def test_a_call_log_replays_the_run_on_another_machine_without_key_or_network(tmp_path):
    task = toy.task_file(tmp_path)
    here, there = tmp_path / "here", tmp_path / "there"
    options = toy.options(tmp_path, tasks=[task], engine="openai-x")
    with FaultServer(simulated(task)) as server:
        env = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
        assert run(*options, "--log_dir", here, env=env)[0] == 0
    (there / "run").mkdir(parents=True)
    shutil.copy(here / "run" / "calls.sqlite", there / "run")
    offline = [*options, "--log_dir", there, "--replay_only"]
    status, _, err = run(*offline)
    assert status == 0, err
    assert toy.story(there / "run") == toy.story(here / "run")
    with sqlite3.connect(there / "run" / "calls.sqlite") as db:
        db.execute("DELETE FROM calls WHERE key = (SELECT max(key) FROM calls WHERE request LIKE '%\"messages\"%')")
    status, _, err = run(*offline)
    assert status == 2 and "replay only" in err and "has no reply for this call of the" in err
