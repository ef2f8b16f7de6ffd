"""Surprisal from the embedded model."""

from dataclasses import replace

from textgrad.engine.local import LocalEngine, serve
from utils.metrics.surprisal.llama import LlamaServer
from utils.metrics.surprisal.vllm import VLLM

_LARGEST = 2 * 10**9  # bytes; larger ones are mapped by llama.cpp, since OpenVINO would load the model a second time


class Embedded:
    """Score texts with the embedded model. If its file is not large, the server that answers a run's requests does it.

    Args:
        model: as that of `LocalEngine`.

    Raises:
        UsageError: the file is missing or not a GGUF file, or the hub does not have it.
        BrokenSystem: a package is missing.
    """

    def __init__(self, model: str = "smollm2"):
        self._engine = LocalEngine(model)

    def __call__(self, text: str) -> list[float]:
        """Return the bits of every token but the first."""
        path, settings = self._engine.path, self._engine.settings
        if path.stat().st_size > _LARGEST and settings.runtime != "llamacpp":
            settings = replace(settings, runtime="llamacpp", slots=1)
        server = serve(path, settings)
        score = VLLM(server.url) if server.runtime == "openvino" else LlamaServer(server.url)
        with server.slots:
            return score(text)
