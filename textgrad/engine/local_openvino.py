"""Serve a GGUF file with OpenVINO GenAI, in the server process of `local`."""

import importlib.metadata
import threading
from pathlib import Path
from typing import Any

from textgrad.engine.local_batch import COMPANION_TOKENS, Batch
from textgrad.engine.local_http import Server
from textgrad.engine.local_scorer import Scorer

_BLOCK = 32  # tokens per block of the KV cache on a CPU
_PREFILL = 1024  # tokens per step
_SCORED = 256  # tokens per step when scoring a text; the logits of 256 tokens take 0.1 to 0.2 GB
# With these and at least two tokens per step (see `Batch`), no reply depends on the other requests in flight.
_PRECISION = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f16", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32"}


def start(path: str, context: int, slots: int, threads: int, port: int = 0) -> str:
    """Serve a GGUF file from background threads, and return the base URL.

    Args:
        path: GGUF file of an architecture and a quantization that OpenVINO GenAI reads.
        context: maximum number of tokens of a request and its reply together.
        slots: number of requests processed in parallel.
        threads: number of compute threads.
        port: TCP port; 0 for any free port.

    Raises:
        ImportError: openvino-genai is not installed, or does not work here.
        RuntimeError: OpenVINO cannot load the file.
    """
    import openvino_genai as library

    tokenizer = library.Tokenizer(path)
    properties = {**_PRECISION, "INFERENCE_NUM_THREADS": threads}

    def load(blocks: int, requests: int, tokens: int, keep_prefixes: bool) -> Any:
        scheduler = library.SchedulerConfig()
        scheduler.num_kv_blocks, scheduler.max_num_seqs, scheduler.max_num_batched_tokens = blocks, requests, tokens
        scheduler.enable_prefix_caching = keep_prefixes
        return library.ContinuousBatchingPipeline(path, tokenizer, scheduler, "CPU", **properties)

    blocks = -(-context // _BLOCK) + 1  # of one request
    companion_blocks = COMPANION_TOKENS // _BLOCK + 2
    batch = Batch(load(slots * blocks + companion_blocks, slots + 1, _PREFILL, True), library, tokenizer, context)
    scorer = Scorer(lambda: load(blocks, 1, _SCORED, False), library, tokenizer)
    product = f"OpenVINO GenAI {importlib.metadata.version('openvino-genai')}"
    model = {"id": Path(path).name, "object": "model", "owned_by": product, "max_model_len": context}
    server = Server(port, batch, scorer, model)
    for work in (batch.run, server.serve_forever):
        threading.Thread(target=work, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"
