"""Serve a GGUF file with OpenVINO GenAI, in the server process of `local`, on 127.0.0.1.

It answers OpenAI's chat requests, and scores texts as vLLM does, by `/tokenize` and `prompt_logprobs`.
"""

import importlib.metadata
import itertools
import json
import os
import queue
import random
import select
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_BLOCK = 32  # tokens per block of the KV cache on a CPU
_PREFILL = 1024  # tokens per step
_SCORED = 256  # tokens per step when scoring a text; the logits of 256 tokens take 0.1 to 0.2 GB
# With these and at least two rows per step (see `Batch`), no reply depends on the other requests in flight.
_PRECISION = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f16", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32"}
_COMPANION, _COMPANION_TOKENS = "Count upwards: 1 2 3", 256  # its prompt, and how many tokens it generates at a time
_FORM = r"root ::= [^<> \n] [^>]*"  # up to the stop string "<"; a bounded repetition takes OpenVINO a second per token
_FORM_TOKENS = 300  # maximum length of a text between required tags; weak models repeat themselves
_POLL = 1.0  # seconds between checks whether the client is still connected


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
    companion_blocks = _COMPANION_TOKENS // _BLOCK + 2
    batch = Batch(load(slots * blocks + companion_blocks, slots + 1, _PREFILL, True), library, tokenizer, context)
    scorer = Scorer(lambda: load(blocks, 1, _SCORED, False), library, tokenizer)
    product = f"OpenVINO GenAI {importlib.metadata.version('openvino-genai')}"
    model = {"id": Path(path).name, "object": "model", "owned_by": product, "max_model_len": context}
    server = Server(port, batch, scorer, model)
    for work in (batch.run, server.serve_forever):
        threading.Thread(target=work, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"


class Batch:
    """The requests in flight. One thread, in `run`, makes all calls of the pipeline.

    OpenVINO multiplies a single row of activations as it is, but quantizes two or more. A companion, a generation that
    nobody reads, is part of every step, so that a request which is alone in flight gets the same reply as in a batch.

    Args:
        pipeline: a `ContinuousBatchingPipeline`.
        library: the module openvino_genai.
        tokenizer: the model's `Tokenizer`.
        context: maximum number of tokens of a request and its reply together.
    """

    def __init__(self, pipeline: Any, library: Any, tokenizer: Any, context: int):
        self._pipeline, self._library, self._tokenizer, self._context = pipeline, library, tokenizer, context
        self._queue: queue.SimpleQueue[tuple[dict[str, Any], Future]] = queue.SimpleQueue()
        self._numbers = itertools.count()

    def submit(self, request: dict[str, Any]) -> Future:
        """Return a future of HTTP status and JSON object. Cancelling it ends the generation.

        Args:
            request: body of a chat completion. `within`, opening and closing tag, encloses the reply in these tags.
        """
        answer: Future = Future()
        self._queue.put((request, answer))
        return answer

    def run(self) -> None:
        """Process requests forever. If OpenVINO fails, end the process: the next call starts a new one."""
        try:
            in_flight: list[_Generation] = []
            companion = None
            while True:
                while not in_flight or not self._queue.empty():
                    request, answer = self._queue.get()
                    if generation := self._add(request, answer):
                        in_flight.append(generation)
                if companion is None or self._has_ended(companion):
                    companion = self._add_companion()
                self._pipeline.step()
                in_flight = [each for each in in_flight if not self._finish(each)]
        finally:
            os._exit(1)

    def _add(self, request: dict[str, Any], answer: Future) -> "_Generation | None":
        """Start a request, or answer it with an error."""
        opening, closing = request.get("within") or ("", "")
        try:
            prompt = self._tokenizer.apply_chat_template(request["messages"], True)
        except RuntimeError as error:  # of the model's template
            _answer(answer, 400, _error("invalid_request_error", f"the chat template failed: {error}"))
            return None
        if opening:
            prompt += f"{opening}\n"
        tokens = self._tokenizer.encode(prompt, add_special_tokens=False).input_ids
        count = tokens.shape[1]
        if count >= self._context:
            message = f"request ({count} tokens) exceeds the available context size ({self._context} tokens)"
            _answer(answer, 400, _error("exceed_context_size_error", message))
            return None
        config = self._config(request, self._context - count)
        handle = self._pipeline.add_request(next(self._numbers), tokens, config)
        return _Generation(handle, answer, count, opening, closing)

    def _add_companion(self) -> Any:
        """Start a companion and return its handle."""
        tokens = self._tokenizer.encode(_COMPANION, add_special_tokens=False).input_ids
        config = self._pipeline.get_config()
        config.max_new_tokens, config.ignore_eos = _COMPANION_TOKENS, True
        return self._pipeline.add_request(next(self._numbers), tokens, config)

    def _has_ended(self, handle: Any) -> bool:
        return handle.get_status() != self._library.GenerationStatus.RUNNING

    def _config(self, request: dict[str, Any], room: int) -> Any:
        """Return the generation settings of a request.

        Args:
            request: body of a chat completion.
            room: maximum number of reply tokens, >= 1.
        """
        wanted = request.get("max_tokens") or request.get("max_completion_tokens") or room
        stop = request.get("stop") or []
        config = self._pipeline.get_config()  # has the model's end tokens
        config.max_new_tokens = min(wanted, room)
        config.stop_strings = {stop} if isinstance(stop, str) else set(stop)
        if request.get("within"):
            config.max_new_tokens = min(wanted, room, _FORM_TOKENS)
            config.stop_strings = {"<"}
            config.structured_output_config = self._library.StructuredOutputConfig(grammar=_FORM)
        config.do_sample = request.get("temperature", 1) > 0
        if config.do_sample:
            config.temperature, config.top_p = request.get("temperature", 1), request.get("top_p", 1)
            config.rng_seed = request.get("seed", random.getrandbits(32)) % 2**32
        return config

    def _finish(self, generation: "_Generation") -> bool:
        """Answer a request if it is complete; return whether it has ended."""
        if generation.answer.cancelled():
            generation.handle.cancel()
            return True
        if not self._has_ended(generation.handle):
            return False
        outputs = generation.handle.read_all()  # empty if the reply has no token before a stop string
        tokens = outputs[0].generated_ids if outputs else []
        text = self._tokenizer.decode(tokens)
        truncated = bool(outputs) and outputs[0].finish_reason == self._library.GenerationFinishReason.LENGTH
        if generation.opening:
            text, truncated = f"{generation.opening}\n{text.partition('<')[0]}{generation.closing}", False
        reply = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": reply, "finish_reason": "length" if truncated else "stop"}
        prompt, completion = generation.prompt_tokens, len(tokens)
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        _answer(generation.answer, 200, {"object": "chat.completion", "choices": [choice], "usage": usage})
        return True


class Scorer:
    """Log probabilities of the tokens of a text, under the model itself.

    OpenVINO reports none for a prefix that it has kept. Therefore a second pipeline, which keeps no prefixes and is
    loaded at the first use, scores texts.

    Args:
        load: loads a `ContinuousBatchingPipeline` without prefix cache.
        library: the module openvino_genai.
        tokenizer: the model's `Tokenizer`.
    """

    def __init__(self, load: Callable[[], Any], library: Any, tokenizer: Any):
        self._load, self._library, self._tokenizer = load, library, tokenizer
        self._pipeline: Any = None
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, without special ones."""
        return self._tokenizer.encode(text, add_special_tokens=False).input_ids.data.flatten().tolist()

    def log_probabilities(self, tokens: Sequence[int]) -> list[float]:
        """Return the natural logarithms of the probabilities of tokens 2..n, given the tokens before each.

        Args:
            tokens: at least one, and at most the context length - 1.
        """
        import numpy as np
        import openvino

        ids = openvino.Tensor(np.array([tokens], dtype=np.int64))
        with self._lock:
            self._pipeline = self._pipeline or self._load()
            config = self._pipeline.get_config()
            config.max_new_tokens, config.ignore_eos, config.echo, config.logprobs = 1, True, True, 1
            config.do_sample = False
            handle = self._pipeline.add_request(next(self._numbers), ids, config)
            while handle.get_status() == self._library.GenerationStatus.RUNNING:
                self._pipeline.step()
            return handle.read_all()[0].generated_log_probs[1:-1]  # of the first token, unknown, to a generated one


@dataclass(frozen=True)
class _Generation:
    """A request in flight: its handle in OpenVINO, the future of its answer, its size, and the tags of its reply."""

    handle: Any
    answer: Future
    prompt_tokens: int
    opening: str
    closing: str


def _answer(answer: Future, status: int, content: dict[str, Any]) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_result((status, content))


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"code": 400, "type": kind, "message": message}}


class Server(ThreadingHTTPServer):
    """The HTTP server of a batch, on 127.0.0.1.

    Args:
        port: TCP port; 0 for any free port.
        batch: answers the requests.
        scorer: scores texts.
        model: entry of the list of models, with the context length `max_model_len`.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, batch: Batch, scorer: Scorer, model: dict[str, Any]):
        self.batch, self.scorer, self.context = batch, scorer, model["max_model_len"]
        self.pages: dict[str, dict[str, Any]] = {
            "/v1/models": {"object": "list", "data": [model]},
            "/props": {"default_generation_settings": {"n_ctx": model["max_model_len"]}},  # as llama.cpp reports it
        }
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if page := self.server.pages.get(self.path):
            self._send(200, page)
        else:
            self._send(404, {"error": {"code": 404, "message": f"no {self.path} here"}})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            self._send(
                200, {"tokens": self.server.scorer.tokens(request["prompt"]), "max_model_len": self.server.context}
            )
        elif self.path == "/v1/completions":
            self._send(200, {"choices": [{"prompt_logprobs": self._score(request["prompt"])}]})
        else:
            self._complete(request)

    def _score(self, tokens: list[int]) -> list[dict[str, Any] | None]:
        """Return the `prompt_logprobs` of vLLM: the log probability of each token but the first."""
        scores = self.server.scorer.log_probabilities(tokens)
        return [None, *({str(token): {"logprob": score}} for token, score in zip(tokens[1:], scores, strict=True))]

    def _complete(self, request: dict[str, Any]) -> None:
        answer = self.server.batch.submit(request)
        while not wait([answer], _POLL).done:
            if self._is_disconnected():
                answer.cancel()
                return
        self._send(*answer.result())

    def _is_disconnected(self) -> bool:
        readable = select.select([self.connection], [], [], 0)[0]
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""
