"""Surprisal from the embedded model."""

from textgrad.engine.local import LocalEngine, serve
from utils.metrics.surprisal.llama import LlamaServer
from utils.metrics.surprisal.vllm import VLLM


class Embedded:
    """Score texts with the embedded model, by the server that answers a run's requests, or by a new one.

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
        server = serve(self._engine.path, self._engine.settings)
        score = VLLM(server.url) if server.runtime == "openvino" else LlamaServer(server.url)
        with server.slots:
            return score(text)
