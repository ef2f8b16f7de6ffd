"""Whole runs as a user starts them: the run folder, resuming, bad input."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy

import main

ROOT = Path(main.__file__).parent


def run(*arguments, **kwargs):
    """Run main.py in a new process."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | kwargs.pop("env", {})
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        **kwargs,
    )


def story_of(folder: Path) -> dict[str, str]:
    """Return the files that depend only on seed and replies, without times."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".txt", ".jsonl", ".svg")
    }
    results = (folder / "results.json").read_text()
    files["results.json"] = toy.without_times(results)
    return files


def test_a_run_writes_its_results_to_its_folder(tmp_path):
    finished = run(*toy.options(tmp_path, module="train_centralized"))
    assert finished.returncode == 0, finished.stderr
    folder = tmp_path / "logs" / "run"
    names = {path.name for path in folder.iterdir()}
    assert {
        "config.json",
        "metrics.jsonl",
        "ledger.jsonl",
        "prompts",
        "calls.sqlite",
        "results.json",
        "run.log",
        "figures",
    } <= names
    assert (tmp_path / "logs" / "latest").resolve() == folder.resolve()
    config = json.loads((folder / "config.json").read_text())
    assert config["options"]["seed"] == 42 and config["engines"]["test"]["model"].startswith("simulated")
    assert config["simulated"] is True and config["python"]
    results = json.loads((folder / "results.json").read_text())
    assert results["status"] == "complete" and results["simulated"] is True
    for name in (
        "0shot_eval_engine_test_acc",
        "0shot_test_engine_test_acc",
        "0shot_test_engine_validation_acc",
        "best_validation_acc",
        "best_agg_val_acc",
        "last_test_acc",
        "best_test_acc",
        "update_success_rate",
    ):
        metric = results["metrics"][name]
        assert metric["n"] > 0 and metric["ci95"][0] <= metric["value"] <= metric["ci95"][1]
    assert results["metrics"]["best_test_acc"]["n"] == 10
    for role in ("test", "evaluation"):
        assert results["usage"][role]["calls"] > 0 and results["usage"][role]["prompt_tokens"] > 0
    prompts = {path.name for path in (folder / "prompts").iterdir()}
    assert {"initial.txt", "best.txt", "last.txt", "round01_global.txt", "round01_client00_upload.txt"} <= prompts
    steps = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines() if '"step"' in line]
    steps = [step for step in steps if step["event"] == "step"]
    assert len(steps) == 4
    decided = sum(step["result"] in ("accepted", "rejected") for step in steps)
    assert results["metrics"]["update_success_rate"]["n"] == decided > 0
    assert len(steps) == 4 and all(step["n"] == 3 for step in steps)
    assert "SIMULATED" in finished.stdout and str(folder) in finished.stdout
    step = re.compile(r"accuracy 0\.\d\d \[0\.\d\d, \d\.\d\d\], n = 3 -> \d\.\d\d \[.*?\], n = 3  accepted")
    assert step.search((folder / "run.log").read_text()) and not step.search(finished.stdout)


def test_the_files_are_private_to_the_user(tmp_path):
    run(*toy.options(tmp_path))
    folder = tmp_path / "logs" / "run"
    for path in [folder, *folder.rglob("*")]:
        assert path.is_symlink() or path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("module", ["train_centralized", "train_homo_fed", "train_hetero_fed"])
def test_runs_with_the_same_seed_are_byte_identical_and_other_seeds_differ(tmp_path, module):
    stories = []
    tasks = [toy.task_file(tmp_path, "first", [1, 2]), toy.task_file(tmp_path, "second", [2, 3], seed=1)]
    tasks = tasks if module == "train_hetero_fed" else tasks[:1]
    for number, seed in enumerate(("5", "5", "6")):
        more = ("--seed", seed, "--log_dir", str(tmp_path / str(number)))
        assert run(*toy.options(tmp_path, *more, module=module, tasks=tasks)).returncode == 0
        stories.append(story_of(tmp_path / str(number) / "run"))
    assert stories[0] == stories[1] != stories[2]


def test_sampled_replies_are_determined_by_the_seed(tmp_path):
    stories = []
    for number in range(2):
        more = ("--temperature", "0.8", "--log_dir", str(tmp_path / str(number)))
        assert run(*toy.options(tmp_path, *more)).returncode == 0
        stories.append(story_of(tmp_path / str(number) / "run"))
    assert stories[0] == stories[1]


def calls_in(folder: Path) -> int:
    path = folder / "calls.sqlite"
    try:
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("SELECT COUNT(*) FROM calls").fetchone()[0]
    except sqlite3.Error:
        return 0


def test_a_killed_run_continues_and_ends_as_if_it_had_not_been_killed(tmp_path):
    slow = "simulated:topics=4,latency=0.02"
    whole = toy.options(tmp_path, "--max_concurrency", "4", "--log_dir", str(tmp_path / "whole"), engine=slow)
    assert run(*whole).returncode == 0
    total = calls_in(tmp_path / "whole" / "run")
    killed = toy.options(tmp_path, "--max_concurrency", "4", engine=slow)
    folder = tmp_path / "logs" / "run"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *killed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while calls_in(folder) < total // 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = calls_in(folder)
    assert total // 2 <= kept < total
    assert run(*killed).returncode == 0
    assert calls_in(folder) == total
    assert story_of(folder) == story_of(tmp_path / "whole" / "run")


def test_another_configuration_under_the_same_name_is_refused_with_the_changes(tmp_path):
    assert run(*toy.options(tmp_path)).returncode == 0
    before = story_of(tmp_path / "logs" / "run")
    refused = run(*toy.options(tmp_path, "--seed", "7", "--batch_size", "2", "--max_concurrency", "5"))
    assert refused.returncode == 2
    assert "--batch_size was 3 and is 2" in refused.stderr and "--seed was 42 and is 7" in refused.stderr
    assert "max_concurrency" not in refused.stderr
    assert story_of(tmp_path / "logs" / "run") == before


def test_ctrl_c_stops_soon_and_prints_the_command_to_continue(tmp_path):
    arguments = toy.options(tmp_path, "--max_concurrency", "2", engine="simulated:latency=5")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "logs" / "run" / "calls.sqlite").exists():
        time.sleep(0.02)
    time.sleep(0.3)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert time.monotonic() - started < 2
    assert process.returncode == 130 and "to continue: .venv/bin/python" in errors and "--run_name run" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "change, said",
    [
        (["--task", "BBH_object_countin"], "BBH_object_counting"),
        (["--task", "GSM9K"], "GSM8K"),
        (["--test_engine", "gtp-4o"], "unknown engine 'gtp-4o'"),
        (["--test_engine", "gpt-4o"], "OPENAI_API_KEY"),
        (["--train_size", "5000"], "train_size is 5000"),
        (["--num_clients", "9"], "too few for 9 clients"),
        (["--run_name", "../elsewhere"], "--run_name"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, change, said):
    refused = run(*toy.options(tmp_path, *change))
    assert refused.returncode == 2 and said in refused.stderr, refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1 and "Traceback" not in refused.stderr
    assert not (tmp_path / "logs").exists()


def test_a_line_that_is_not_json_is_reported_with_its_number(tmp_path):
    path = toy.task_file(tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:4], "{oops", *lines[5:]]))
    refused = run(*toy.options(tmp_path, tasks=[path]))
    assert refused.returncode == 2 and re.search(r"sums\.jsonl.*\b5\b", refused.stderr)


def test_an_unwritable_log_dir_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    refused = run(*toy.options(tmp_path, "--log_dir", str(tmp_path / "file" / "logs")))
    assert refused.returncode == 2 and "--log_dir" in refused.stderr and "Traceback" not in refused.stderr


def test_a_second_process_in_the_same_folder_is_refused(tmp_path):
    arguments = toy.options(tmp_path, "--max_concurrency", "2", engine="simulated:latency=1")
    first = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "logs" / "run" / "calls.sqlite").exists():
        time.sleep(0.02)
    second = run(*arguments)
    first.kill()
    first.wait()
    assert second.returncode == 2 and "in use by another process" in second.stderr


def test_help_imports_no_heavy_library():
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "main.py"), "--help"], capture_output=True, text=True
    )
    assert shown.returncode == 0 and "--aggregate_method" in shown.stdout
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in shown.stderr.splitlines()}
    assert not imported & {
        "comet_ml",
        "datasets",
        "openai",
        "litellm",
        "torch",
        "matplotlib",
        "numpy",
        "httpx",
        "tqdm",
        "scipy",
        "reasoning_gym",
        "urllib3",
        "jinja2",
        "pydantic",
    }


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_every_program_prints_in_every_encoding(tmp_path, encoding):
    def succeeds(*words, status=0):
        finished = subprocess.run(
            [sys.executable, *map(str, words)], capture_output=True, timeout=120, env=environment, cwd=ROOT
        )
        errors = finished.stderr.decode(encoding)
        assert finished.returncode == status and "Traceback" not in errors, errors
        return finished.stdout.decode(encoding) + errors

    environment = {"PATH": os.environ["PATH"], "HOME": "/", "PYTHONIOENCODING": f"{encoding}:strict"}
    task = toy.task_file(tmp_path, "süms „数“")
    options = toy.options(tmp_path, "--initial_prompt", "Say “yes”, 数, ½.", "--run_name", "läuf数", tasks=[task])
    options += ["--local_steps", "1", "--rounds", "1"]
    folder = tmp_path / "logs" / "läuf数"
    printed = succeeds("main.py", *options)
    assert "results are in" in printed and ("“yes”" in printed) == (encoding == "cp1252")
    assert "Say “yes”, 数, ½." in (folder / "prompts" / "initial.txt").read_text(encoding="utf-8")
    succeeds("main.py", *options, "--run_name", "séeds数", "--repeats", "2")
    succeeds("main.py", *options, "--dry_run")
    assert "\\u6570" in succeeds("main.py", *options, "--aggregate_method", "“数”", status=2)
    succeeds("-m", "utils.report", folder)
    succeeds("-m", "utils.report", tmp_path / "logs")
    succeeds("-m", "utils.report", tmp_path / "数", status=2)
    succeeds("-m", "utils.run_log.ledger", folder)
    succeeds("-m", "utils.engines.doctor", "--test_engine", "数", status=2)
    succeeds("-m", "utils.flower.export_shards", "--to", tmp_path / "“数”", *options)


@pytest.mark.parametrize("option", ["--task", "--log_dir", "--initial_prompt"])
def test_bytes_that_are_not_text_may_stand_in_an_option(tmp_path, option):
    odd = os.fsdecode(b"caf\xe9")
    if option == "--task":
        task = toy.task_file(tmp_path).rename(tmp_path / f"{odd}.jsonl")
        options = toy.options(tmp_path, tasks=[task])
    else:
        options = toy.options(tmp_path, option, {"--log_dir": str(tmp_path / odd)}.get(option, odd))
    options += ["--local_steps", "1", "--rounds", "1"]
    for _ in range(2):  # the second run resumes the first
        assert "results are in" in (finished := run(*options)).stdout, finished.stderr
    found = list(tmp_path.rglob("results.json"))
    assert len(found) == 1
    for path in found[0].parent.rglob("*.*"):
        if path.suffix in (".json", ".jsonl", ".txt", ".html", ".log"):
            path.read_text(encoding="utf-8")


def test_a_task_with_an_unusual_name_gets_a_run_name_that_can_be_typed(tmp_path):
    task = toy.task_file(tmp_path).rename(tmp_path / os.fsdecode(b"my \n \x1b\xe9 task.jsonl"))
    options = [
        word for word in toy.options(tmp_path, "--rounds", "1", tasks=[task]) if word not in ("--run_name", "run")
    ]
    assert "results are in" in (finished := run(*options)).stdout, finished.stderr
    assert "my _ task" in (tmp_path / "logs" / "latest").resolve().name
