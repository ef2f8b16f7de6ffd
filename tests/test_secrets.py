"""Keys are never written, printed or passed on: each contains a mark, and all files and output are searched for it."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import toy
from fault_kinds import Fault, error
from fault_runs import simulated
from fault_server import FaultServer

import main
from textgrad.engine.openai import ChatOpenAI
from utils.engines.by_role import connect
from utils.run_log import provenance

ROOT = Path(main.__file__).parent
MARK = "MARKED"
KEYS = {
    name: f"sk-{MARK}-{name.lower()}-0123456789"
    for name in (
        "OPENAI_API_KEY",
        "OLLAMA_API_KEY",
        "VLLM_API_KEY",
        "SGLANG_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "TOGETHER_API_KEY",
        "GROQ_API_KEY",
        "COHERE_API_KEY",
        "COMET_API_KEY",
        "HF_TOKEN",
    )
}


def fail_with_all_secrets(request, number):
    """Return an error whose text contains every secret."""
    return Fault(401, error(f"Incorrect key {' '.join(KEYS.values())} user-{MARK} pass-{MARK}%21 pass-{MARK}!"))


def files_with_mark(folder: Path) -> list[str]:
    """Return the files under a folder that contain the mark, also inside archives."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if zipfile.is_zipfile(io.BytesIO(data)):
                with zipfile.ZipFile(path) as archive:
                    data += b"".join(archive.read(name) for name in archive.namelist())
            if MARK.encode() in data:
                found.append(path.relative_to(folder).as_posix())
    return found


@pytest.mark.parametrize(
    "engine, variable",
    [
        ("openai-x", "OPENAI_BASE_URL"),
        ("ollama-x", "OLLAMA_BASE_URL"),
        ("vllm-api-x", "VLLM_BASE_URL"),
        ("sglang-x", "SGLANG_BASE_URL"),
    ],
)
@pytest.mark.parametrize("faults, status", [({}, 0), ({"policy": fail_with_all_secrets}, 2)])
def test_no_key_is_written_or_printed_whether_the_run_succeeds_or_fails(tmp_path, engine, variable, faults, status):
    task = toy.task_file(tmp_path)
    answer = simulated(task)
    with FaultServer(
        lambda request: answer(request) + f" My key is {KEYS[variable.replace('BASE_URL', 'API_KEY')]}.", **faults
    ) as server:
        url = server.url.replace("http://", f"http://user-{MARK}:pass-{MARK}%21@")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), variable: url, **KEYS}
        options = toy.options(
            tmp_path,
            "--comet_mode",
            "offline",
            "--comet_log_path",
            str(tmp_path / "comet"),
            tasks=[task],
            engine=engine,
        )
        finished = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *options],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment,
        )
        assert finished.returncode == status, finished.stderr
        assert server.requests and not re.search(MARK, finished.stdout + finished.stderr)
    files = sum(path.is_file() for path in tmp_path.rglob("*"))
    assert files_with_mark(tmp_path) == []
    print(
        f"{engine}, exit {status}: {files} files, {len(finished.stdout + finished.stderr)} printed characters: no key"
    )


def test_git_runs_without_keys_in_its_environment(tmp_path, monkeypatch):
    git = tmp_path / "git"
    git.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\necho v1\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    assert provenance.provenance()["commit"] == "v1"
    assert "PATH=" in (tmp_path / "seen").read_text() and MARK not in (tmp_path / "seen").read_text()


def test_the_verifier_process_has_no_keys_or_addresses_in_its_environment(monkeypatch):
    pytest.importorskip("reasoning_gym")
    from textgrad.tasks.reasoning_gym import Examiner

    addresses = {"OPENAI_BASE_URL": f"https://u:{MARK}@x/v1", "HTTPS_PROXY": f"http://u:{MARK}@p:1"}
    for name, key in {**KEYS, **addresses}.items():
        monkeypatch.setenv(name, key)
    examiner = Examiner("gcd", 1, 5)
    assert MARK.encode() not in Path(f"/proc/{examiner._process.popen.pid}/environ").read_bytes()


def test_a_key_sent_over_plain_http_to_another_machine_is_warned_about_once(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example.org/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["OPENAI_API_KEY"])
    warnings = []
    connect(toy.config(tmp_path, engine="openai-x"), ":memory:", warnings.append)
    assert len(warnings) == 1 and "http://models.example.org/v1" in warnings[0] and "unencrypted" in warnings[0]
    assert MARK not in warnings[0]


@pytest.mark.parametrize(
    "url, key, clear",
    [
        ("http://models.example.org/v1", "k", True),
        ("http://u:p@models.example.org/v1", None, True),
        ("http://models.example.org/v1", None, False),
        ("https://models.example.org/v1", "k", False),
        ("http://127.0.0.1:8000/v1", "k", False),
        ("http://localhost:8000/v1", "k", False),
    ],
)
def test_a_secret_is_sent_in_the_clear_only_over_plain_http_to_another_machine(url, key, clear):
    assert ChatOpenAI("m", base_url=url, api_key=key).sends_key_in_the_clear is clear


@pytest.mark.parametrize("name", ["../up", "a/b", "/tmp/x", "..", ".hidden", "a\nb"])
def test_a_run_name_cannot_lead_out_of_the_log_folder(tmp_path, name, capsys):
    assert main.main(toy.options(tmp_path, "--run_name", name)) == 2
    printed = capsys.readouterr().err
    assert not (tmp_path / "logs").exists() and "\x1b" not in printed and len(printed.splitlines()) == 1


def test_control_characters_of_a_run_name_reach_neither_its_folder_nor_the_terminal(tmp_path, capsys):
    assert main.main(toy.options(tmp_path, "--run_name", "a\x1b[2Jb")) == 0
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"a[2Jb", "latest"}
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err


def test_a_task_name_cannot_lead_out_of_the_data_folder(tmp_path, capsys):
    for task in ("BBH_../../etc/passwd", "RG_../x", "livebench_../../x"):
        assert main.main(toy.options(tmp_path, tasks=[task])) == 2
    assert not (tmp_path / "logs").exists()
    assert all(line.startswith("error: ") for line in capsys.readouterr().err.splitlines())


def test_control_characters_of_data_and_models_are_not_printed(tmp_path, capsys):
    task = toy.task_file(tmp_path)
    lines = [json.loads(line) for line in task.read_text().splitlines()]
    escape_codes = "\x1b]0;title\x07\x1b[2J"
    task.write_text("\n".join(json.dumps({**line, "answer": line["answer"] + escape_codes}) for line in lines))
    main.main(toy.options(tmp_path, "--initial_prompt", "Go \x1b[31mred", "--scorer", "exact", tasks=[task]))
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out and "\x1b]0" not in printed.err and "\x1b[2J" not in printed.err


def test_every_file_is_private_even_in_a_folder_that_others_can_read(tmp_path):
    (tmp_path / "logs").mkdir(mode=0o755)
    previous = os.umask(0o022)
    try:
        assert main.main(toy.options(tmp_path)) == 0
    finally:
        os.umask(previous)
    for path in (tmp_path / "logs" / "run").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
