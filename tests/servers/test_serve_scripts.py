"""The serve scripts with a fake server for each product: arguments, the printed command, and a clean exit.

The fake server replaces the `python` or `ollama` that a script starts, records its arguments and environment, and
answers like a server that has loaded its model.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from live_server import free_port

ROOT = Path(__file__).parents[2]
FAKE_SERVER = """#!{python}
import json, os, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        key = os.environ.get("VLLM_API_KEY") or key_in_file
        self.send_response(200 if not key or self.headers.get("Authorization") == "Bearer " + key else 401)
        self.end_headers()

    def log_message(self, *args):
        pass

here = pathlib.Path({folder!r})
arguments = sys.argv[1:]
key_in_file = None
if "--config" in arguments:
    path = pathlib.Path(arguments[arguments.index("--config") + 1])
    key_in_file = path.read_text().removeprefix('api-key: "').rstrip('"\\n')
with (here / "calls").open("a") as file:
    file.write(json.dumps([arguments, dict(os.environ)]) + "\\n")
if arguments[0] in ("list", "show"):
    sys.exit(not (here / ("pulled" if arguments[0] == "show" else "up")).exists())
if arguments[0] == "pull":
    sys.exit(0)
if "--broken" in arguments:
    sys.exit(3)
(here / "up").touch()
if "--port" in arguments:
    port = arguments[arguments.index("--port") + 1]
else:
    port = os.environ["OLLAMA_HOST"].partition(":")[2]
HTTPServer(("127.0.0.1", int(port)), Page).serve_forever()
"""
FAKE_NVIDIA_SMI = "#!/bin/sh\necho {capability}\n"


def script_path(name: str) -> Path:
    """Return the path of a serve script; "test" is the script that tests all servers."""
    if name in ("ollama", "test"):
        return ROOT / "scripts" / "lib" / ("test_servers.sh" if name == "test" else f"{name}_serve.sh")
    return ROOT / "scripts" / f"{name}_serve.sh"


class Script:
    """One run of a serve script.

    Args:
        folder: contains the fake programs and their records.
        name: vllm, sglang or ollama.
        arguments: arguments of the script; "PORT" is replaced by a free port.
        capability: compute capability that nvidia-smi reports; "": no nvidia-smi.
        **variables: additional environment variables.
    """

    def __init__(self, folder: Path, name: str, *arguments: str, capability: str = "", **variables: str):
        self.folder, self.port = folder, free_port()
        programs = folder / "bin"
        programs.mkdir(exist_ok=True)
        server = FAKE_SERVER.format(python=sys.executable, folder=str(folder))
        scripts = {"python": server, "ollama": server}
        if capability:
            scripts["nvidia-smi"] = FAKE_NVIDIA_SMI.format(capability=capability)
        for program, text in scripts.items():
            (programs / program).write_text(text)
            (programs / program).chmod(0o755)
        path = f"{programs}:{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), "PYTHON": str(programs / "python")}
        arguments = [str(self.port) if argument == "PORT" else argument for argument in arguments]
        self.process = subprocess.Popen(
            ["sh", script_path(name), *arguments],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | variables,
            start_new_session=True,
        )

    def ready(self) -> str:
        """Wait for the line with the command that uses the server, and return it."""
        for line in self.process.stdout:
            if line.startswith("Ready."):
                return line.strip()
        raise AssertionError(self.process.stderr.read())

    def calls(self) -> list[tuple[list[str], dict[str, str]]]:
        """Return arguments and environment of the started processes, in order."""
        return [tuple(json.loads(line)) for line in (self.folder / "calls").read_text().splitlines()]

    def end(self) -> int:
        """Stop the script by ctrl-C, and return its exit status."""
        os.kill(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def script(tmp_path):
    """Return a function that starts serve scripts; remaining processes are killed after the test."""
    started = []

    def start(*arguments, **variables) -> Script:
        started.append(Script(tmp_path, *arguments, **variables))
        return started[-1]

    yield start
    for each in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()


def answers(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).status == 200
    except OSError:
        return False


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


@pytest.mark.parametrize(
    "name, parallel, engine",
    [
        ("vllm", "--tensor-parallel-size", "VLLM_BASE_URL={} {}vllm-api-m"),
        ("sglang", "--tp-size", "SGLANG_BASE_URL={} {}sglang-m"),
    ],
)
def test_on_gpus_it_serves_until_ctrl_c_and_prints_the_command_that_uses_it(script, name, parallel, engine):
    served = script(name, "m", "PORT", "0,1", "--extra", "7", capability="8.0")
    url = f"http://127.0.0.1:{served.port}/v1"
    assert engine.format(url, ".venv/bin/python main.py --test_engine ") in served.ready() and answers(served.port)
    ((arguments, environment),) = served.calls()
    assert option(arguments, parallel) == "2" and environment["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert option(arguments, "--dtype") == "auto" and option(arguments, "--extra") == "7"
    assert served.end() == 0 and not answers(served.port)


@pytest.mark.parametrize("name", ["vllm", "sglang"])
@pytest.mark.parametrize("capability, dtype", [("7.5", "half"), ("6.1", "half"), ("8.9", "auto"), ("12.0", "auto")])
def test_gpus_older_than_ampere_get_half_precision(script, name, capability, dtype):
    served = script(name, "m", "PORT", capability=capability)
    served.ready()
    assert option(served.calls()[0][0], "--dtype") == dtype


@pytest.mark.parametrize(
    "name, options, variables",
    [
        ("vllm", ["--enforce-eager", "--max-model-len"], ["VLLM_CPU_KVCACHE_SPACE", "VLLM_NO_USAGE_STATS"]),
        ("sglang", ["--device", "--attention-backend", "--context-length"], ["SGLANG_USE_CPU_ENGINE"]),
    ],
)
def test_on_a_cpu_without_a_network(script, name, options, variables):
    served = script(
        name,
        "m",
        "PORT",
        "cpu",
        HF_HUB_OFFLINE="1",
        MAX_MODEL_LEN="99",
        CONTEXT_LENGTH="99",
        NAME="smol",
        DTYPE="float32",
        capability="7.5",
    )
    assert served.ready().endswith("-smol")
    ((arguments, environment),) = served.calls()
    assert set(options) <= set(arguments) and "99" in arguments and option(arguments, "--dtype") == "float32"
    assert {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", *variables} <= set(environment)
    assert "CUDA_VISIBLE_DEVICES" not in environment and not {"--tensor-parallel-size", "--tp-size"} & set(arguments)


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_a_key_is_required_from_clients_and_not_shown(script, tmp_path, name):
    served = script(name, "m", "PORT", TMPDIR=str(tmp_path), **{f"{name.upper()}_API_KEY": "its-own-key"})
    assert "its-own-key" not in served.ready() and not answers(served.port)
    arguments = served.calls()[0][0]
    assert not [argument for argument in arguments if "its-own-key" in argument]
    assert name == "vllm" or not Path(option(arguments, "--config")).exists()  # read, and removed


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_a_server_that_exits_at_the_start_is_reported(script, name):
    _, errors = script(name, "m", "PORT", "0", "--broken").process.communicate(timeout=30)
    assert "exited before it was ready" in errors


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_another_server_at_the_port_is_an_error(script, name):
    first = script("vllm", "m", "PORT")
    first.ready()
    _, errors = (second := script(name, "m", str(first.port))).process.communicate(timeout=30)
    assert second.process.returncode == 1 and f"port {first.port} is already in use" in errors
    assert len(first.calls()) == 1


def test_ollama_is_started_and_the_model_pulled(script, tmp_path):
    served = script("ollama", "llama3.1:8b", "PORT", "cpu")
    printed = served.ready()
    assert (
        f"OLLAMA_BASE_URL=http://127.0.0.1:{served.port}/v1 .venv/bin/python main.py --test_engine ollama-llama3.1:8b"
        in printed
    )
    calls = served.calls()
    environment = next(environment for arguments, environment in calls if arguments == ["serve"])
    assert calls[-1][0] == ["pull", "llama3.1:8b"] and environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert {name: environment[f"OLLAMA_{name}"] for name in ("CONTEXT_LENGTH", "NUM_PARALLEL", "KEEP_ALIVE")} == {
        "CONTEXT_LENGTH": "8192",
        "NUM_PARALLEL": "4",
        "KEEP_ALIVE": "-1",
    }
    assert served.end() == 0 and not answers(served.port)


def test_a_running_ollama_keeps_running_and_nothing_is_pulled_offline(script, tmp_path):
    (tmp_path / "up").touch()
    refused = script("ollama", "m", "PORT", OFFLINE="1").process
    _, errors = refused.communicate(timeout=30)
    assert refused.returncode == 1 and "m has not been pulled" in errors
    (tmp_path / "pulled").touch()
    served = script("ollama", "m", "PORT", OFFLINE="1")
    assert served.ready() and served.process.wait(timeout=30) == 0
    assert not [arguments for arguments, _ in served.calls() if arguments[0] in ("serve", "pull")]


@pytest.mark.parametrize("name", ["vllm", "sglang", "ollama", "test"])
def test_help_lists_every_variable(name):
    shown = subprocess.run(["sh", script_path(name), "--help"], capture_output=True, text=True, timeout=30)
    assert shown.returncode == 0 and shown.stdout.startswith("Usage: sh scripts/")
    variables = set(re.findall(r"\$\{([A-Z_]+):-", script_path(name).read_text())) - {"HOME", "VLLM_CPU_KVCACHE_SPACE"}
    assert [variable for variable in variables if variable not in shown.stdout] == []
