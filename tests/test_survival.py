"""What a run survives: being killed at any moment, a full disk, torn files, moving to another machine."""

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
    """main.py in a process of its own."""
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
    """Exit status, standard output and standard error of a whole process."""
    process = start(*arguments, **kwargs)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def tasks_of(folder: Path, module: str) -> list[Path]:
    tasks = [toy.task_file(folder, "first", [1, 2]), toy.task_file(folder, "second", [2, 3], seed=1)]
    return tasks if module == "train_hetero_fed" else tasks[:1]


def finished_calls(folder: Path, aside: Path) -> set[str]:
    """The messages of all calls that a killed run had kept, read from a copy."""
    if not (folder / "calls.sqlite").exists():
        return set()
    aside.mkdir()
    for path in folder.glob("calls.sqlite*"):
        shutil.copy(path, aside)
    with sqlite3.connect(aside / "calls.sqlite") as db:
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            return set()
        kept = [json.loads(request) for (request,) in db.execute("SELECT request FROM calls")]
    return {json.dumps(request["messages"]) for request in kept if "messages" in request}  # the others are notes


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_a_run_killed_at_any_of_ten_moments_ends_as_if_it_had_not_been_killed(tmp_path, module):
    tasks, rng, done, begun = tasks_of(tmp_path, module), random.Random(module), 0, 0
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

        assert run(*options("whole"), env=env)[0] == 0
        total = len(server.requests)
        story = toy.story(tmp_path / "logs" / "whole")
        for number in range(10):
            name = f"killed{number}"
            moment, asked = rng.randrange(2, total * 11 // 10), len(server.requests)  # past the last call: writing
            process = start(*options(name), env=env)
            while process.poll() is None and len(server.requests) - asked < min(moment, total):
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 1.0 if moment > total else 0.05))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.1)
            kept, asked = finished_calls(tmp_path / "logs" / name, tmp_path / f"aside{number}"), len(server.requests)
            begun += bool(kept)
            assert run(*options(name), env=env)[0] == 0
            again = [json.dumps(seen.json["messages"]) for seen in server.requests[asked:]]
            assert not kept & set(again) and len(again) == len(set(again))
            assert toy.story(tmp_path / "logs" / name) == story
            done += 1
    print(f"{module}: {done} of 10 killed runs ended as the whole one; {begun} had finished calls, none was made twice")
    assert begun >= 8


@pytest.fixture
def whole(tmp_path):
    """The story of an undisturbed run, and the options of one that is to become like it."""
    assert main.main(toy.options(tmp_path, "--run_name", "whole")) == 0
    return toy.story(tmp_path / "logs" / "whole"), toy.options(tmp_path)


@pytest.mark.parametrize("name", ["metrics.jsonl", "ledger.jsonl"])
def test_a_torn_last_line_is_written_anew(tmp_path, whole, name):
    story, options = whole
    assert main.main(options) == 0
    path = tmp_path / "logs" / "run" / name
    path.write_bytes(path.read_bytes()[:-7])
    assert main.main(options) == 0
    assert toy.story(tmp_path / "logs" / "run") == story


def test_a_damaged_call_log_costs_only_what_was_lost(tmp_path, whole, capsys):
    story, options = whole
    assert main.main(options) == 0
    path = tmp_path / "logs" / "run" / "calls.sqlite"
    data = bytearray(path.read_bytes())
    data[9 * 4096 : 10 * 4096] = bytes(range(256)) * 16
    path.write_bytes(data)
    capsys.readouterr()
    assert main.main(options) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "is damaged" in line]
    assert len(told) >= 1 and "calls.sqlite" in told[0]
    assert toy.story(tmp_path / "logs" / "run") == story


def test_a_configuration_that_cannot_be_read_is_named(tmp_path, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    (tmp_path / "logs" / "run" / "config.json").write_text('{"options": {')
    capsys.readouterr()
    assert main.main(toy.options(tmp_path)) == 2
    assert "config.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("kilobytes", [2, 40, 150])
def test_a_file_that_may_not_grow_stops_the_run_with_one_line_and_it_goes_on_later(tmp_path, whole, kilobytes):
    story, options = whole

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    # Python's own byte code must not be written under the limit: a torn .pyc would break every later import.
    status, _, err = run(*options, preexec_fn=limited, env={"PYTHONDONTWRITEBYTECODE": "1"})
    lines = [line for line in err.splitlines() if not line.startswith("replies:")]
    assert status == 2 and len(lines) == 1 and lines[0].startswith("error: ")
    assert str(tmp_path / "logs" / "run") in lines[0]
    assert run(*options)[0] == 0
    assert toy.story(tmp_path / "logs" / "run") == story


def test_a_full_disk_stops_the_run_with_one_line_and_it_goes_on_later(tmp_path, whole):
    story, options = whole
    disk = tmp_path / "logs" / "run"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        status, _, err = run(*options)
        lines = [line for line in err.splitlines() if not line.startswith("replies:")]
        assert status == 2 and len(lines) == 1 and lines[0].startswith("error: ") and str(disk) in lines[0]
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        assert run(*options)[0] == 0
        assert toy.story(disk) == story
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("sent, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_within_two_seconds_also_with_comet(tmp_path, sent, status):
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
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 2 and process.returncode == status
    assert "to go on: python" in err and "Traceback" not in err


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
