"""A SuperLink and SuperNodes as processes on 127.0.0.1, and runs over them, for tests/flower."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import toy
from fault_server import FaultServer, Seen

import main
from textgrad.engine.base import Sampling
from textgrad.engine.simulated import SimulatedEngine
from utils.flower.export_shards import export

ROOT = Path(main.__file__).parent
BIN = Path(sys.executable).parent
SITES = ("north", "south", "west")
KEY = "sk-planted-key-of-"
PATIENCE = 150.0  # timeout of any wait on a busy machine, in seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds: float = PATIENCE):
    """Wait until a condition returns something true, and return it."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {seconds} seconds for {condition}"
        time.sleep(0.1)
    return result


class RecordingProxy:
    """TCP proxy that records every byte in both directions."""

    def __init__(self, target: int):
        self.target, self.recorded = target, bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.recorded += data
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            end.close()

    def close(self) -> None:
        self._listener.close()


class Machines:
    """One SuperLink and its sites, which connect to it through `proxy`.

    Args:
        folder: parent of one folder per process.
        variables: additional environment variables of the SuperLink and the ServerApp that it starts.
    """

    def __init__(self, folder: Path, variables: dict[str, str]):
        self.folder, self.port, self.started = folder, free_port(), []
        self.superlink = self._start(
            "superlink",
            {"FEDTEXTGRAD_LOGS": str(folder / "server-logs"), **variables},
            "flower-superlink",
            "--insecure",
            "--host",
            "127.0.0.1",
            "--port",
            self.port,
            "--database",
            folder / "superlink" / "state.db",
            "--disable-runtime-dependency-installation",
        )
        wait_until(lambda: self._answers(self.port))
        self.proxy = RecordingProxy(self.port)
        home = folder / "home"
        home.mkdir()
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "local"\n[superlink.local]\naddress = "127.0.0.1:{self.port}"\ninsecure = true\n'
        )

    @staticmethod
    def _answers(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def environment(self, home: str, variables: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "FLWR_HOME": str(self.folder / home),
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            **variables,
        }

    def _start(self, name: str, variables: dict[str, str], *command) -> subprocess.Popen:
        (self.folder / name).mkdir(exist_ok=True)
        with open(self.folder / name / "log", "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdout=log,
                stderr=log,
                env=self.environment(name, variables),
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def site(
        self, name: str, data: Path, engine: str, variables: dict[str, str] | None = None, **entries
    ) -> subprocess.Popen:
        """Start a SuperNode with these entries of --node-config."""
        entries = {"name": name, "data": str(data), "engine": engine, **entries}
        config = " ".join(f"{key}={json.dumps(value)}" for key, value in entries.items())
        return self._start(
            f"node-{name}",
            variables or {},
            "flower-supernode",
            "--insecure",
            "--superlink",
            f"127.0.0.1:{self.proxy.port}",
            "--host",
            "127.0.0.1",
            "--port",
            free_port(),
            "--node-config",
            config,
        )

    def run(self, *arguments) -> subprocess.Popen:
        """Start main.py --runtime flower."""
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), "--runtime", "flower", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment("home", {}),
        )
        self.started.append(process)
        return process

    def log(self, name: str) -> str:
        """Return the output of a process so far."""
        return (self.folder / name / "log").read_text(errors="replace")

    def server_app(self) -> int | None:
        """Return the process id of the ServerApp, or None."""
        home = f"FLWR_HOME={self.folder / 'superlink'}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                ours = home in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if ours and any(word.endswith(b"flwr-serverapp") for word in words):
                return int(entry.name)
        return None

    def stop(self) -> None:
        for process in reversed(self.started):
            kill(process)
        self.proxy.close()


def kill(process: subprocess.Popen) -> None:
    """Kill a process and the others of its session."""
    for target in (lambda: os.killpg(process.pid, signal.SIGKILL), process.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            target()
    process.wait()


def rounds_in(run: Path) -> list[dict]:
    """Return the rounds that a run has logged so far."""
    path = run / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in map(json.loads, lines) if line["event"] == "round"]


def start_script(script: str, folder: Path, *arguments) -> subprocess.Popen:
    """Start a script of scripts/flower, which keeps the data of its processes in folder/machines."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHON": sys.executable,
        "PORT": str(free_port()),
        "NODE_PORT": str(free_port()),
        "ENGINE": "simulated:topics=4",
    }
    return subprocess.Popen(
        ["sh", ROOT / "scripts" / "flower" / script, folder / "machines", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of processes with this folder in their arguments or environment."""

    def read(entry: Path, name: str) -> bytes:
        try:
            return (entry / name).read_bytes()
        except OSError:
            return b""  # the process has ended, or belongs to another user

    return [
        read(entry, "cmdline").replace(b"\0", b" ").decode(errors="replace")
        for entry in Path("/proc").glob("[0-9]*")
        if str(folder).encode() in read(entry, "cmdline") + read(entry, "environ")
    ]


def kill_tree(program: str, word: bytes):
    """Kill the process of a program that has `word` in its arguments, and all its descendants.

    Returns:
        A function that starts the process again, in a new session.
    """
    (found,) = [entry for entry in Path("/proc").glob("[0-9]*") if _is(entry, program.encode(), word)]
    words, environment = ((found / name).read_bytes().split(b"\0")[:-1] for name in ("cmdline", "environ"))
    environment = dict(line.split(b"=", 1) for line in environment)
    tree = [int(found.name)]
    for parent in tree:  # grows during the loop
        tree += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
    for process in tree:
        os.kill(process, signal.SIGKILL)
    return lambda: subprocess.Popen(
        words, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _is(entry: Path, program: bytes, word: bytes) -> bool:
    try:
        words = (entry / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False  # the process has ended
    return any(each.endswith(program) for each in words[:2]) and any(word in each for each in words)


class Trial:
    """Three sites with shards of one task, a server with held-out questions, and one model over HTTP for all of them.

    Args:
        folder: parent of all files.
        model: server that receives the requests of all engines; server and sites use different keys.
        options: options of the run.
    """

    def __init__(self, folder: Path, model: FaultServer, *options: str):
        self.folder, self.model = folder, model
        self.machines = Machines(folder, self.keys("server"))
        path = toy.task_file(folder)
        simulated = SimulatedEngine("topics=4")
        simulated.teach([(row["question"], row["answer"]) for row in map(json.loads, path.read_text().splitlines())])
        model.reply = lambda request: simulated.complete(request["messages"], Sampling(0.0)).text
        export(toy.config(folder, "--sites", *SITES, tasks=[path]), folder / "data")
        self.options = toy.options(
            folder,
            "--sites",
            *SITES,
            "--flower_wait",
            str(PATIENCE),
            *options,
            engine="ollama-m",
            tasks=[folder / "data" / "server" / "sums.jsonl"],
        )

    def keys(self, name: str) -> dict[str, str]:
        """Return the variables with which the server or a site reaches the model."""
        return {"OLLAMA_BASE_URL": self.model.url, "OLLAMA_API_KEY": f"{KEY}{name}"}

    def site(self, name: str, **entries) -> subprocess.Popen:
        """Start a site."""
        return self.machines.site(name, self.folder / "data" / name, "ollama-m", self.keys(name), **entries)

    def rounds(self) -> list[dict]:
        """Return the rounds that the server has logged so far."""
        return rounds_in(self.folder / "server-logs" / "run")

    def requests_of(self, name: str) -> list[Seen]:
        """Return the model's requests with the key of the server or a site."""
        return [seen for seen in list(self.model.requests) if seen.headers["authorization"].endswith(f"{KEY}{name}")]
